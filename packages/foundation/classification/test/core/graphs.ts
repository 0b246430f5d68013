import type { Random } from '../random.ts'

const KEYS = [
  'a',
  'b',
  'ssn',
  'userSsn',
  'SSN',
  'user.ssn',
  'social_security_number',
  'card_number',
  '__proto__',
  'constructor',
  'toString',
  '',
  'password2',
]

/** What is planted under a classified key, and must not come out. */
export const CANARY = '987-65-4320'

/** What builds graphs, and remembers each object that it made. */
interface Maker {
  readonly random: Random
  readonly made: object[]
}

function keep<T extends object>(maker: Maker, value: T): T {
  maker.made.push(value)
  return value
}

/** An object with members of all sorts: plain, hidden, by getters that work, throw or make new objects, by symbols. */
function record(maker: Maker, depth: number): object {
  const { random } = maker
  const value = keep(maker, random.below(6) === 0 ? (Object.create(null) as object) : {})
  for (let count = random.below(4); count > 0; count--) {
    const key = random.of(KEYS)
    const part = node(maker, depth - 1)
    const descriptors: readonly PropertyDescriptor[] = [
      { value: part, enumerable: true, writable: true, configurable: true },
      { value: part, enumerable: false },
      { get: () => part, enumerable: true },
      { get: () => ({ fresh: part }), enumerable: true },
      {
        get() {
          throw new Error('unreadable')
        },
        enumerable: true,
      },
    ]
    try {
      Object.defineProperty(value, key, descriptors[random.below(descriptors.length)] ?? {})
    } catch {
      // Defined before, and not to be defined again.
    }
  }
  Object.defineProperty(value, Symbol('s'), { value: 1, enumerable: true })
  if (random.below(8) === 0) Object.defineProperty(value, 'my_ssn', { value: CANARY, enumerable: true })
  const json = random.below(20)
  if (json === 0) Object.defineProperty(value, 'toJSON', { value: () => ({ ssn: CANARY }) })
  if (json === 1)
    Object.defineProperty(value, 'toJSON', {
      value() {
        throw new TypeError('no JSON')
      },
    })
  return random.below(10) === 0 ? Object.freeze(value) : value
}

/** A proxy that works, is revoked, throws from each trap, or has members without an end. */
function proxy(maker: Maker, depth: number): object {
  const { random } = maker
  const target = record(maker, depth - 1)
  const { proxy: one, revoke } = Proxy.revocable(target, {})
  const fail = (): never => {
    throw new Error('trap')
  }
  switch (random.below(4)) {
    case 0:
      revoke()
      return one
    case 1:
      return new Proxy(target, {
        get: fail,
        ownKeys: fail,
        getPrototypeOf: fail,
        has: fail,
        getOwnPropertyDescriptor: fail,
      })
    case 2:
      return new Proxy(
        {},
        {
          get: (_target, key) =>
            typeof key === 'symbol' ? undefined : key === 'toJSON' ? undefined : { deeper: key },
          ownKeys: () => ['ssn', 'x'],
          getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
        },
      )
    default:
      return one
  }
}

class OwnIterator extends Map<string, unknown> {
  override *entries(): MapIterator<[string, unknown]> {
    for (;;) yield ['endless', 1]
  }
}

function special(maker: Maker, depth: number): unknown {
  const { random } = maker
  const part = (): unknown => node(maker, depth - 1)
  const kinds: readonly (() => unknown)[] = [
    () =>
      keep(
        maker,
        new Map([
          [random.of(KEYS), part()],
          ['ssn', CANARY],
        ]),
      ),
    () => keep(maker, new OwnIterator([['ssn', CANARY]])),
    () => keep(maker, new Set([part(), part()])),
    () => Object.assign(new Error('failed', { cause: part() }), { ssn: CANARY }),
    () => new AggregateError([new Error('one', { cause: { ssn: CANARY } }), part()], 'all'),
    () => new Date(random.below(2) === 0 ? Number.NaN : random.below(1_000_000)),
    () => Buffer.from(CANARY),
    () => new Float64Array(random.below(20)),
    () => new SharedArrayBuffer(8),
    () => new DataView(new ArrayBuffer(4)),
    () => new URL(`https://user:${CANARY}@host.example/?ssn=${CANARY}#x`),
    () => new URLSearchParams({ ssn: CANARY }),
    () => new Headers({ authorization: CANARY }),
    () => JSON.stringify({ deep: [{ ssn: CANARY }] }),
    () => JSON.stringify({ text: JSON.stringify({ ssn: CANARY }) }),
    () => `eyJhbGciOiJub25lIn0.${'x'.repeat(20)}.y`,
    () => Object(random.below(2) === 0 ? 5n : Symbol('x')) as unknown,
    () => Object.assign(() => undefined, { toJSON: () => ({ ssn: CANARY }) }),
    () => Symbol(CANARY),
    () => new WeakMap(),
    () => Promise.resolve(CANARY),
    () => Object.create(Date.prototype) as unknown,
    () => Object.create(Map.prototype) as unknown,
    () => Object.create(URL.prototype) as unknown,
    () => /x/g,
    () => globalThis,
  ]
  return kinds[random.below(kinds.length)]?.()
}

function node(maker: Maker, depth: number): unknown {
  const { random, made } = maker
  const leaves: readonly unknown[] = [
    null,
    undefined,
    true,
    1.5,
    Number.NaN,
    -0,
    7n,
    '',
    'text',
    '[',
    '{"a":',
    '\ud83d',
    random.below(1e9),
  ]
  const choice = depth <= 0 ? random.below(2) : random.below(9)
  if (choice < 2) return leaves[random.below(leaves.length)]
  if (choice < 4) return record(maker, depth)
  if (choice === 4)
    return keep(
      maker,
      Array.from({ length: random.below(5) }, () => node(maker, depth - 1)),
    )
  if (choice === 5) return proxy(maker, depth)
  // A part that is there already: shared, or a cycle.
  if (choice === 6 && made.length > 0) return made[random.below(made.length)]
  return special(maker, depth)
}

/** A graph of the seed's, which may have a cycle, and all plain objects in it. */
export function graphOf(random: Random): { readonly value: unknown; readonly made: readonly object[] } {
  const maker: Maker = { random, made: [] }
  const value: Record<string, unknown> = keep(maker, {
    root: node(maker, 5),
    list: [{ my_ssn: { x: [CANARY] } }],
  })
  if (random.below(3) === 0) value['self'] = value
  return { value, made: maker.made }
}

/** What objects are at this moment, without asking any of their getters. */
export function snapshot(made: readonly object[]): readonly unknown[] {
  return made.map((one) => [
    Reflect.ownKeys(one).map((key) => [key, Object.getOwnPropertyDescriptor(one, key)]),
    Object.getPrototypeOf(one) as unknown,
    Object.isExtensible(one),
    one instanceof Map ? [...Map.prototype.entries.call(one)] : undefined,
    one instanceof Set ? [...Set.prototype.values.call(one)] : undefined,
  ])
}
