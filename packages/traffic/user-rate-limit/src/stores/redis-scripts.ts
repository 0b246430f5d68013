import { scriptOf } from '@portcullis/kernel/redis'
import type { Script } from '@portcullis/kernel/redis'
import type { Mark } from '../core/algorithms/algorithm.ts'
import type { Algorithm } from '../core/policy.ts'
import type { Charge } from '../core/verdict.ts'
import { COUNTERS, SHARED } from './redis-counters.ts'

/**
 * The scripts that decide inside Redis. They mirror `core/algorithms` line by line, on the same integers; a property
 * test runs the same schedules through both. One hash per partition, one field per policy, the state packed with
 * MessagePack; the hash expires when the last of its states has rolled over.
 */

/** The scripts of a store, by what is charged: each holds the counters that its charges need. */
export interface Scripts {
  /** Decides and charges. */
  reserve(charges: readonly Charge[]): Script
  /** Gives back. */
  refund(charges: readonly Charge[]): Script
}

/** Sets `wall`, the server's own time in microseconds, and `now`, the time in milliseconds that states are kept in. */
const SERVER_CLOCK = `
local time = redis.call('TIME')
local wall = time[1] * 1000000 + time[2]
local now = math.floor(wall / 1000)
`

const ALGORITHMS: readonly Algorithm[] = ['sliding-window', 'fixed-window', 'gcra']

const CELLS = `
local cells, chargesOf, cellsOf = {}, {}, {}

-- Reads the state of every policy that is named from the argument 'first' on, every 'size' arguments: one command a key.
local function load(first, size)
  for k = 1, #KEYS do cellsOf[k] = {} end
  for at = first, #ARGV, size do
    local field = ARGV[at + 1]
    local place = ARGV[at] .. ':' .. field
    local cell = cells[place]
    if not cell then
      local p = {
        quota = tonumber(ARGV[at + 2]), window = tonumber(ARGV[at + 3]), capacity = tonumber(ARGV[at + 4])
      }
      cell = { field = field, p = p, counter = counters[string.sub(field, 1, 1)] }
      cells[place] = cell
      local list = cellsOf[tonumber(ARGV[at])]
      list[#list + 1] = cell
    end
    chargesOf[#chargesOf + 1] = cell
  end
  for k, list in ipairs(cellsOf) do
    local fields = {}
    for i, cell in ipairs(list) do fields[i] = cell.field end
    local packed = redis.call('HMGET', KEYS[k], unpack(fields))
    for i, cell in ipairs(list) do
      local state = nil
      if packed[i] then
        cell.expires, state = unpack(cmsgpack.unpack(packed[i]))
        cell.live = cell.expires > now
        if not cell.live then state = nil end
      end
      cell.state = cell.counter.advance(cell.p, state)
    end
  end
end

local function expireIn(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, string.format('%.0f', ttl)) end
end

local function prune(key)
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if cmsgpack.unpack(all[i + 1])[1] <= now then redis.call('HDEL', key, all[i]) end
  end
end

local function save()
  for k, list in ipairs(cellsOf) do
    local args, longest, isNew = {}, 0, false
    for _, cell in ipairs(list) do
      if cell.charged then
        local ttl = math.max(1, cell.counter.lifetime(cell.p, cell.state))
        args[#args + 1] = cell.field
        args[#args + 1] = cmsgpack.pack({ now + ttl, cell.state })
        longest = math.max(longest, ttl)
        isNew = isNew or not cell.expires
      end
    end
    if longest > 0 then
      if isNew and redis.call('HLEN', KEYS[k]) >= 16 then prune(KEYS[k]) end
      redis.call('HSET', KEYS[k], unpack(args))
      expireIn(KEYS[k], longest)
    end
  end
end

-- A key that has lost its expiry, by hand or by a restore, gets one.
local function heal()
  for k, list in ipairs(cellsOf) do
    for _, cell in ipairs(list) do
      if cell.expires and redis.call('PTTL', KEYS[k]) == -1 then
        expireIn(KEYS[k], math.max(1, cell.expires - now))
      end
    end
  end
end
`

const RESERVE = `
if wall > tonumber(ARGV[1]) then return { -1, wall } end
load(3, 6)
local allowed = true
local before, after = { 0, wall }, { 1, wall }
for i, cell in ipairs(chargesOf) do
  local p, state, cost = cell.p, cell.state, tonumber(ARGV[2 + i * 6])
  local wait = 0
  if cost > p.capacity then wait = -1 elseif cost > 0 then wait = cell.counter.wait(p, state, cost) end
  local remaining, reset = cell.counter.read(p, state)
  local at = i * 6 - 3
  before[at], before[at + 1], before[at + 2] = wait, remaining, reset
  before[at + 3], before[at + 4], before[at + 5] = 0, 0, 0
  local mark = nil
  if wait ~= 0 then
    allowed = false
  elseif cost > 0 then
    mark = cell.counter.charge(p, state, cost)
    cell.charged = true
    remaining, reset = cell.counter.read(p, state)
  end
  after[at], after[at + 1], after[at + 2] = wait, remaining, reset
  after[at + 3], after[at + 4], after[at + 5] = mark and mark[1] or 0, mark and mark[2] or 0, mark and mark[3] or 0
end
if allowed and ARGV[2] == '1' then
  save()
  return after
end
heal()
return before
`

const REFUND = `
if wall > tonumber(ARGV[1]) then return { -1, wall } end
load(2, 9)
for i, cell in ipairs(chargesOf) do
  if cell.live then
    local at = i * 9 - 7
    local mark = { tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7]) }
    cell.counter.refund(cell.p, cell.state, mark, tonumber(ARGV[at + 8]))
    cell.charged = true
  end
end
save()
return { 1, wall }
`

/**
 * Puts the scripts together.
 *
 * @param clock Lua that sets `wall` and `now`; tests replace it to run schedules at any moment. Default: Redis `TIME`.
 */
export function buildScripts(clock: string = SERVER_CLOCK): Scripts {
  const known = new Map<string, Script>()
  const scriptFor = (body: string, charges: readonly Charge[]): Script => {
    const used = ALGORITHMS.filter((algorithm) =>
      charges.some((charge) => charge.policy.algorithm === algorithm),
    )
    const name = `${used.join()} ${body === RESERVE}`
    let script = known.get(name)
    if (script === undefined) {
      const counters = used.map((algorithm) => COUNTERS[algorithm]).join('')
      script = scriptOf(clock + SHARED + counters + CELLS + body)
      known.set(name, script)
    }
    return script
  }
  return {
    reserve: (charges) => scriptFor(RESERVE, charges),
    refund: (charges) => scriptFor(REFUND, charges),
  }
}

/** Arguments of one charge of the reserve script. */
export function chargeArguments(keyIndex: number, { policy, cost }: Charge): (string | number)[] {
  return [keyIndex, policy.field, policy.quota, policy.window, policy.capacity, cost]
}

/** Arguments of one refund of the refund script. */
export function refundArguments(
  keyIndex: number,
  { policy }: Charge,
  mark: Mark,
  amount: number,
): (string | number)[] {
  return [keyIndex, policy.field, policy.quota, policy.window, policy.capacity, ...mark, amount]
}
