// The demo in one command: checks Node, installs, builds and starts the shop.
import { join } from 'node:path'
import { prepare } from './launch/prepare.mjs'
import { forwardSignals, root, run } from './launch/run.mjs'

forwardSignals()
await prepare('@portcullis-examples/shop', 'the shop')
const shop = [join(root, 'examples/shop/dist/main.js'), ...process.argv.slice(2)]
const { code } = await run(process.execPath, shop, { stdio: 'inherit' })
process.exit(code)
