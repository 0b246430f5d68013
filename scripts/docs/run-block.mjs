/**
 * Executes one code block: `node run-block.mjs <file> run|listen`. A `listen` block must leave a server listening when
 * its module is through; then we end it. Its port is replaced by a free one, since the documented one may be taken.
 */
import { Server } from 'node:net'
import { pathToFileURL } from 'node:url'

const [, , file = '', use] = process.argv
if (use === 'listen') {
  Server.prototype.listen = new Proxy(Reflect.get(Server.prototype, 'listen'), {
    apply: (listen, server, [first, ...rest]) => Reflect.apply(listen, server, [onFreePort(first), ...rest]),
  })
}

await import(pathToFileURL(file).href)

if (use === 'listen') {
  const listening = process.getActiveResourcesInfo().includes('TCPServerWrap')
  if (!listening) console.error('the block is through and no server is listening')
  process.exit(listening ? 0 : 1)
}

/** The first argument of `listen`, which is a port or an object with one. @param {unknown} first */
function onFreePort(first) {
  if (typeof first === 'number') return 0
  return typeof first === 'object' && first !== null && 'port' in first ? { ...first, port: 0 } : first
}
