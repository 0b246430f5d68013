import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { trustsEverybody } from '../src/trusts-everybody.ts'
import { gateApps } from './gate-app.ts'

const apps = gateApps()
const policies = { perClient: { quota: 1, window: '1m' } } as const

describe('trustProxy', () => {
  it.each([
    [true, true],
    [() => true, true],
    [['0.0.0.0/1', '128.0.0.0/1'], true],
    [false, false],
    ['127.0.0.1', false],
    ['10.0.0.0/8,127.0.0.1', false],
    [['198.51.100.0/24'], false],
    [2, false],
  ])('%s is found to believe anybody: %s', async (trustProxy, believes) => {
    // A number is what the types of Fastify 5.12 no longer take, and older apps have.
    const app = Fastify({ trustProxy: trustProxy as boolean })
    let child: boolean | undefined
    void app.register(async (scope) => {
      child = trustsEverybody(scope)
    })
    await app.ready()
    expect([trustsEverybody(app), child]).toEqual([believes, believes])
    await app.close()
  })

  it('that believes anybody does not start in production, and is warned of elsewhere', async () => {
    const production = apps.build({ policies }, { trustProxy: true }, 'production')
    await expect(production.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
      message: expect.stringContaining('trustProxy'),
    })
    const lines: string[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
    await apps.build({ policies }, { trustProxy: true, logger }).ready()
    expect(lines.join()).toContain('trustProxy')
    await apps.build({ policies }, { trustProxy: '10.0.0.0/8' }, 'production').ready()
  })
})
