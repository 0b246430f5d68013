import { scriptOf } from '@portcullis/kernel/redis'
import type { Script } from '@portcullis/kernel/redis'
import type { Mark } from '../core/algorithms/algorithm.ts'
import type { Algorithm, Policy } from '../core/policy.ts'
import type { Charge } from '../core/verdict.ts'
import { countersOf } from './redis-counters.ts'

/**
 * The scripts that decide inside Redis. They mirror `core/algorithms` line by line, on the same integers; a property
 * test runs the same schedules through both. One hash per partition, one field per policy, each a packed string that
 * begins with two times: when the state has rolled over, and until when the hash is known to live. So in the steady
 * state a decision is three commands: TIME, HMGET, HSET. One call may carry many decisions, each on its own.
 */

/** The scripts of a store, by the algorithms that are charged: each holds the counters that its charges need. */
export interface Scripts {
  /** Decides and charges. */
  reserve(algorithms: ReadonlySet<Algorithm>): Script
  /** Gives back. */
  refund(algorithms: ReadonlySet<Algorithm>): Script
}

/** Sets `wall`, the server's own time in microseconds, and `now`, the time in milliseconds that states are kept in. */
const SERVER_CLOCK = `
local time = redis.call('TIME')
local wall = time[1] * 1000000 + time[2]
local now = math.floor(wall / 1000)
`

const ALGORITHMS: readonly Algorithm[] = ['sliding-window', 'sliding-log', 'fixed-window', 'gcra']

const CELLS = `
if wall > tonumber(ARGV[1]) then return { -1, wall } end

-- The policies of a call: their number is argument 2, then four arguments each.
local policies, first = {}, 3
for i = 1, tonumber(ARGV[2]) do
  local field = ARGV[first]
  local p = {
    field = field, quota = tonumber(ARGV[first + 1]), window = tonumber(ARGV[first + 2]),
    capacity = tonumber(ARGV[first + 3]), counter = counters[string.sub(field, 1, 1)]
  }
  p.counter.prepare(p)
  policies[i], first = p, first + 4
end

-- The charges of one decision, by position: the number of its key, its field, its cost, its cell. A cell holds a state
-- while it is decided. All of these tables are used again for the next decision: to make them anew is what took most
-- of a call. Charges of the same key that follow each other are a run, with one command to read and one to write.
local keys, fields, costs, charged, pool = {}, {}, {}, {}, {}
local ends, stays, waits = {}, {}, {}

-- Puts a charge at a position.
local function place(i, key, p, cost)
  keys[i], fields[i], costs[i] = key, p.field, cost
  for j = 1, i - 1 do
    if keys[j] == key and fields[j] == p.field then
      charged[i] = charged[j]
      return
    end
  end
  local cell = pool[i]
  if not cell then
    cell = {}
    pool[i] = cell
  end
  cell.p, cell.counter, cell.asked, cell.known, cell.live = p, p.counter, 0, false, false
  p.counter.clear(cell)
  charged[i] = cell
end

-- Reads the states of the first 'count' charges.
local function load(count)
  local i = 1
  while i <= count do
    local key, last = keys[i], i
    while last < count and keys[last + 1] == key do last = last + 1 end
    local raws, longest = redis.call('HMGET', KEYS[key], unpack(fields, i, last)), 0
    for j = i, last do
      local cell, raw = charged[j], raws[j - i + 1]
      if raw and not cell.known then
        cell.known = true
        longest = max(longest, cell.counter.load(cell, raw))
      end
    end
    ends[i], stays[i] = last, longest
    i = last + 1
  end
end

local function prune(key)
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if unpackOf('<d', all[i + 1]) <= now then redis.call('HDEL', key, all[i]) end
  end
end

-- Keys that were found without an expiry: told, since somebody takes it from them.
local healed = 0

local function expireIn(key, ttl, stayed)
  local left = redis.call('PTTL', key)
  if left == -1 and stayed > 0 then healed = healed + 1 end
  if left < ttl then redis.call('PEXPIRE', key, string.format('%.0f', ttl)) end
end

-- Writes a run of charges whose cells were asked for something.
local function saveRun(from)
  local key, last, longest, isNew = KEYS[keys[from]], ends[from], 0, false
  for i = from, last do
    local cell = charged[i]
    if cell.asked > 0 then
      cell.ttl = max(1, cell.counter.lifetime(cell))
      if cell.ttl > longest then longest = cell.ttl end
      if not cell.known then isNew = true end
    end
  end
  if longest == 0 then return end
  if isNew and redis.call('HLEN', key) >= 16 then prune(key) end
  local expires, args, n = stays[from], {}, 0
  local extend = expires < now + longest
  -- An eighth longer than it has to, so that it is not told so with every charge.
  if extend then
    longest = longest + ceil(longest / 8)
    expires = now + longest
  end
  for i = from, last do
    local cell = charged[i]
    if cell.asked > 0 then
      args[n + 1], args[n + 2] = fields[i], cell.counter.save(cell, now + cell.ttl, expires)
      n = n + 2
      cell.asked = 0
    end
  end
  redis.call('HSET', key, unpack(args, 1, n))
  if extend then expireIn(key, longest, stays[from]) end
end

local function save(count)
  local i = 1
  while i <= count do
    saveRun(i)
    i = ends[i] + 1
  end
end

-- A key that has lost its expiry, by hand or by a restore, gets one.
local function heal(count)
  local i = 1
  while i <= count do
    local key = KEYS[keys[i]]
    if stays[i] > 0 and redis.call('PTTL', key) == -1 then expireIn(key, max(1, stays[i] - now), stays[i]) end
    i = ends[i] + 1
  end
end
`

/**
 * Decides the calls in the arguments behind the policies, each in a string: whether it may charge, then its charges.
 * The third of the reply are the answers, in doubles: whether it was allowed, then six numbers for each charge.
 */
const RESERVE = `
local byte = string.byte
local answers, size = {}, 0

local function decide(call, count)
  local allowed, at = 1, 2
  for i = 1, count do
    local k1, k2, p1, p2, c1, c2, c3, c4, c5, c6, c7, c8 = byte(call, at, at + 11)
    local cost = c1 + c2 * 128 + c3 * 16384 + c4 * 2097152
    if c5 + c6 + c7 + c8 > 0 then
      cost = cost + (c5 + c6 * 128 + c7 * 16384 + c8 * 2097152) * 268435456
    end
    place(i, k1 + k2 * 128, policies[p1 + p2 * 128], cost)
    at = at + 12
  end
  load(count)
  for i = 1, count do
    local cell, cost, wait = charged[i], costs[i], 0
    if cost > cell.p.capacity then
      wait = -1
    elseif cost > 0 then
      cell.asked = cell.asked + cost
      wait = cell.counter.wait(cell, cell.asked)
    end
    if wait ~= 0 then allowed = 0 end
    waits[i] = wait
  end
  local make = allowed == 1 and byte(call) == 49
  answers[size + 1] = packOf('<d', allowed)
  for i = 1, count do
    local cell, cost, m1, m2, m3 = charged[i], costs[i], 0, 0, 0
    if make and cost > 0 then m1, m2, m3 = cell.counter.charge(cell, cost) end
    local remaining, reset = cell.counter.read(cell)
    answers[size + 1 + i] = packOf('<dddddd', waits[i], remaining, reset, m1, m2, m3)
  end
  if make then save(count) else heal(count) end
end

for at = first, #ARGV do
  local call = ARGV[at]
  local count = (#call - 1) / 12
  local ok, failure = pcall(decide, call, count)
  if not ok then
    -- What is wrong with one key is its own affair; what is wrong with the server is everybody's.
    local text = type(failure) == 'table' and failure.err or tostring(failure)
    for _, code in ipairs({ 'READONLY', 'OOM', 'MISCONF', 'NOREPLICAS' }) do
      if string.find(text, code, 1, true) then error(failure) end
    end
    answers[size + 1] = packOf('<d', -1)
    for i = 1, count do answers[size + 1 + i] = string.rep('\\0', 48) end
  end
  size = size + 1 + count
end
return { 1, wall, table.concat(answers, '', 1, size), healed }
`

const REFUND = `
local count = (#ARGV - first + 1) / 6
for i = 1, count do
  local at = first + i * 6 - 6
  place(i, tonumber(ARGV[at]), policies[tonumber(ARGV[at + 1])], 0)
end
load(count)
for i = 1, count do
  local cell, at = charged[i], first + i * 6 - 6
  if cell.live then
    cell.counter.refund(
      cell, tonumber(ARGV[at + 5]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    )
    cell.asked = 1
  end
end
save(count)
heal(count)
return { 1, wall }
`

/** Forgets a field of a partition, unless it runs after its deadline. */
export const RESET: Script = scriptOf(`${SERVER_CLOCK}
if wall > tonumber(ARGV[1]) then return { -1, wall } end
return { 1, wall, redis.call('HDEL', KEYS[1], ARGV[2]) }
`)

/**
 * Puts the scripts together.
 *
 * @param clock Lua that sets `wall` and `now`; tests replace it to run schedules at any moment. Default: Redis `TIME`.
 */
export function buildScripts(clock: string = SERVER_CLOCK): Scripts {
  const scriptsFor = (body: string): ((algorithms: ReadonlySet<Algorithm>) => Script) => {
    const known = new Map<number, Script>()
    return (algorithms) => {
      let name = 0
      for (const algorithm of algorithms) name |= 1 << ALGORITHMS.indexOf(algorithm)
      let script = known.get(name)
      if (script === undefined) {
        script = scriptOf(clock + countersOf(algorithms) + CELLS + body)
        known.set(name, script)
      }
      return script
    }
  }
  return { reserve: scriptsFor(RESERVE), refund: scriptsFor(REFUND) }
}

/** Collects the keys and arguments of one call, each key and policy once. */
export class ScriptArguments {
  readonly keys: string[] = []
  readonly #keyIndex = new Map<string, number>()
  readonly #policies = new Map<Policy, number>()
  readonly #rest: (string | number)[] = []

  /** The algorithms that the call needs. */
  get algorithms(): ReadonlySet<Algorithm> {
    const algorithms = new Set<Algorithm>()
    for (const policy of this.#policies.keys()) algorithms.add(policy.algorithm)
    return algorithms
  }

  /** The arguments behind the deadline. */
  get list(): (string | number)[] {
    const list: (string | number)[] = [this.#policies.size]
    for (const { field, quota, window, capacity } of this.#policies.keys())
      list.push(field, quota, window, capacity)
    for (const value of this.#rest) list.push(value)
    return list
  }

  /**
   * Adds a decision.
   *
   * @param commit false to look only
   */
  decide(charges: readonly Charge[], commit: boolean): void {
    let call = commit ? '1' : '0'
    for (const charge of charges) {
      const [key, policy] = this.#indexOf(charge)
      call += packed(key, policy, charge.cost)
    }
    this.#rest.push(call)
  }

  /** Adds a refund. */
  refund(charge: Charge, mark: Mark, amount: number): void {
    this.#rest.push(...this.#indexOf(charge), ...mark, amount)
  }

  #indexOf({ key, policy }: Charge): readonly [number, number] {
    let keyIndex = this.#keyIndex.get(key)
    if (keyIndex === undefined) {
      keyIndex = this.keys.push(key)
      this.#keyIndex.set(key, keyIndex)
    }
    let policyIndex = this.#policies.get(policy)
    if (policyIndex === undefined) {
      policyIndex = this.#policies.size + 1
      this.#policies.set(policy, policyIndex)
    }
    return [keyIndex, policyIndex]
  }
}

/** Two indices and a cost in twelve characters of seven bits, low ones first: what a client sends is text. */
function packed(key: number, policy: number, cost: number): string {
  const high = Math.floor(cost / 2 ** 28)
  const low = cost - high * 2 ** 28
  return String.fromCharCode(
    key & 127,
    key >> 7,
    policy & 127,
    policy >> 7,
    low & 127,
    (low >> 7) & 127,
    (low >> 14) & 127,
    low >> 21,
    high & 127,
    (high >> 7) & 127,
    (high >> 14) & 127,
    high >> 21,
  )
}
