import { scriptOf } from '@portcullis/kernel/redis'
import type { Script } from '@portcullis/kernel/redis'
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

-- Reads the state of all that is named by 'count' charges from the argument 'at' on (key, policy, and more, 'size'
-- arguments each): one command for each key. Returns the cell of each charge, and the groups of cells by key.
local function load(at, count, size)
  local charged, groups, byKey = {}, {}, {}
  for i = 1, count do
    local key, p = ARGV[at], policies[tonumber(ARGV[at + 1])]
    local group = byKey[key]
    if not group then
      group = { key = KEYS[tonumber(key)], fields = {}, cells = {}, stays = 0 }
      byKey[key] = group
      groups[#groups + 1] = group
    end
    local field, cell = p.field, nil
    for j = 1, #group.fields do
      if group.fields[j] == field then cell = group.cells[j] end
    end
    if not cell then
      cell = p.counter.cell(p)
      group.cells[#group.cells + 1] = cell
      group.fields[#group.fields + 1] = field
    end
    charged[i] = cell
    at = at + size
  end
  for g = 1, #groups do
    local group = groups[g]
    local raws = redis.call('HMGET', group.key, unpack(group.fields))
    for i = 1, #raws do
      local cell, raw = group.cells[i], raws[i]
      if raw then
        cell.known = true
        group.stays = max(group.stays, cell.counter.load(cell, raw))
      end
    end
  end
  return charged, groups
end

local function prune(key)
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if unpackOf('<d', all[i + 1]) <= now then redis.call('HDEL', key, all[i]) end
  end
end

-- Partitions whose key was found without an expiry: told, since somebody takes it from them.
local healed = 0

local function expireIn(group, ttl)
  local left = redis.call('PTTL', group.key)
  if left == -1 and group.stays > 0 then healed = healed + 1 end
  if left < ttl then redis.call('PEXPIRE', group.key, string.format('%.0f', ttl)) end
end

local function save(groups)
  for g = 1, #groups do
    local group = groups[g]
    local fields, longest, isNew = group.fields, 0, false
    for i = 1, #fields do
      local cell = group.cells[i]
      if cell.asked > 0 then
        cell.ttl = max(1, cell.counter.lifetime(cell))
        longest = max(longest, cell.ttl)
        isNew = isNew or not cell.known
      end
    end
    if longest > 0 then
      if isNew and redis.call('HLEN', group.key) >= 16 then prune(group.key) end
      local stays, args = group.stays, {}
      local extend = stays < now + longest
      -- An eighth longer than it has to, so that it is not told so with every charge.
      if extend then
        longest = longest + ceil(longest / 8)
        stays = now + longest
      end
      for i = 1, #fields do
        local cell = group.cells[i]
        if cell.asked > 0 then
          args[#args + 1] = fields[i]
          args[#args + 1] = cell.counter.save(cell, now + cell.ttl, stays)
        end
      end
      redis.call('HSET', group.key, unpack(args))
      if extend then expireIn(group, longest) end
    end
  end
end

-- A key that has lost its expiry, by hand or by a restore, gets one.
local function heal(groups)
  for g = 1, #groups do
    local group = groups[g]
    if group.stays > 0 and redis.call('PTTL', group.key) == -1 then
      expireIn(group, max(1, group.stays - now))
    end
  end
end
`

const RESERVE = `
local function decide(first, count, commit, out, size)
  local charged, groups = load(first, count, 3)
  local allowed, waits = 1, { 0, 0, 0, 0 }
  for i = 1, count do
    local cell, cost = charged[i], tonumber(ARGV[first + i * 3 - 1])
    local wait = 0
    if cost > cell.p.capacity then
      wait = -1
    elseif cost > 0 then
      cell.asked = cell.asked + cost
      wait = cell.counter.wait(cell, cell.asked)
    end
    if wait ~= 0 then allowed = 0 end
    waits[i] = wait
  end
  local make, at = allowed == 1 and commit, size
  out[size] = allowed
  for i = 1, count do
    local cell, cost = charged[i], tonumber(ARGV[first + i * 3 - 1])
    local m1, m2, m3 = 0, 0, 0
    if make and cost > 0 then m1, m2, m3 = cell.counter.charge(cell, cost) end
    out[at + 1] = waits[i]
    out[at + 2], out[at + 3] = cell.counter.read(cell)
    out[at + 4], out[at + 5], out[at + 6] = m1, m2, m3
    at = at + 6
  end
  if make then save(groups) else heal(groups) end
end

local out, size, at = { 1, wall }, 3, first
while ARGV[at] do
  local count = tonumber(ARGV[at + 1])
  local ok, failure = pcall(decide, at + 2, count, ARGV[at] == '1', out, size)
  if not ok then
    -- What is wrong with one key is its own affair; what is wrong with the server is everybody's.
    local text = type(failure) == 'table' and failure.err or tostring(failure)
    for _, code in ipairs({ 'READONLY', 'OOM', 'MISCONF', 'NOREPLICAS' }) do
      if string.find(text, code, 1, true) then error(failure) end
    end
    out[size] = -1
    for i = 1, count * 6 do out[size + i] = 0 end
  end
  size = size + 1 + count * 6
  at = at + 2 + count * 3
end
if healed > 0 then out[size] = healed end
return out
`

const REFUND = `
local count = (#ARGV - first + 1) / 6
local charged, groups = load(first, count, 6)
for i = 1, count do
  local cell, at = charged[i], first + i * 6 - 6
  if cell.live then
    cell.counter.refund(
      cell, tonumber(ARGV[at + 5]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    )
    cell.asked = 1
  end
end
save(groups)
heal(groups)
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

  /** Begins a decision of that many charges. */
  begin(commit: boolean, charges: number): void {
    this.#rest.push(commit ? 1 : 0, charges)
  }

  /** Adds a charge: its cost, or the mark and amount of a refund. */
  add({ key, policy }: Charge, ...values: readonly number[]): void {
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
    this.#rest.push(keyIndex, policyIndex, ...values)
  }
}
