import Fastify from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  environmentOf,
  instancesOf,
  kernel,
  onceRoutesKnown,
  unsafeSetting,
  useKernel,
} from '../src/index.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('environment', () => {
  it.each([
    ['development', 'development'],
    ['test', 'test'],
    ['production', 'production'],
    ['staging', 'production'],
    ['', 'production'],
    [undefined, 'production'],
  ])('NODE_ENV=%s is %s', (value, environment) => {
    vi.stubEnv('NODE_ENV', value)
    expect(environmentOf(Fastify())).toBe(environment)
  })

  it('is what the option says, whenever it is registered', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const app = Fastify()
    useKernel(app)
    void app.register(kernel, { environment: 'development', instances: 4 })
    await app.ready()
    expect([environmentOf(app), instancesOf(app)]).toEqual(['development', 4])
    await app.close()
  })

  it.each([{ environment: 'prod' }, { instances: 0 }, { instances: 1.5 }, { instance: 2 }])(
    'refuses %j',
    async (options) => {
      const app = Fastify()
      void app.register(kernel, options as never)
      await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS' })
    },
  )

  it('can be told once', async () => {
    const app = Fastify()
    void app.register(kernel, { instances: 2 })
    void app.register(async (child) => {
      void child.register(kernel, { instances: 3 })
    })
    await expect(app.ready()).rejects.toThrow("The kernel option 'instances' is registered twice")
  })
})

describe('unsafe settings', () => {
  it('refuse to boot in production, with the mend', async () => {
    const app = Fastify()
    void app.register(kernel, { environment: 'production' })
    void app.after(() => onceRoutesKnown(app, () => unsafeSetting(app, 'The moon is full.')))
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
      message: expect.stringContaining('The moon is full. This refuses to start in production.'),
    })
  })

  it('warn elsewhere, in the log and as an event', async () => {
    const lines: string[] = []
    const app = Fastify({
      logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
    })
    const events: string[] = []
    void app.register(kernel, { environment: 'development' })
    void app.after(() => {
      app.securityEvents.subscribe((event) => void events.push(event.type))
      onceRoutesKnown(app, () => unsafeSetting(app, 'The moon is full.'))
    })
    await app.ready()
    expect(lines.join()).toContain('The moon is full. In production this refuses to start.')
    expect(events).toEqual(['config.unsafe'])
    await app.close()
  })
})
