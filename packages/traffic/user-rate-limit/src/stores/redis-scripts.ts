import { createHash } from 'node:crypto'
import { BUCKETS } from '../core/algorithms/sliding-window.ts'
import type { Charge } from '../core/verdict.ts'
import type { Mark } from '../core/algorithms/algorithm.ts'

/**
 * The scripts that decide inside Redis. They mirror `core/algorithms` line by line, on the same integers; a property
 * test runs the same schedules through both. One hash per partition, one field per policy, the state packed with
 * MessagePack; the hash expires when the last of its states has rolled over.
 */

/** A script and the name Redis caches it under. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** The two scripts of a store. */
export interface Scripts {
  /** Decides and charges. */
  readonly reserve: Script
  /** Gives back. */
  readonly refund: Script
}

/** Sets `wall`, the server's own time in microseconds, and `now`, the time in milliseconds that states are kept in. */
const SERVER_CLOCK = `
local time = redis.call('TIME')
local wall = time[1] * 1000000 + time[2]
local now = math.floor(wall / 1000)
`

const COUNTERS = `
local BUCKETS = ${BUCKETS}
local RING = 4503599627370496

local s = {}

function s.width(p) return math.ceil(p.window / BUCKETS) end

function s.advance(p, state)
  local width = s.width(p)
  local current = math.floor(now / width)
  if not state then return { current, 0 } end
  local newest = state[1]
  if newest * width > now + p.window then newest = current end
  local first = math.max(current, newest)
  local at = now
  if newest > current then at = newest * width end
  local oldest = math.floor((at - p.window) / width)
  local shift = first - newest
  local last = math.min(first - oldest, shift + #state - 2)
  local moved = { first, 0 }
  local kept = 0
  for age = 0, last do
    local count = 0
    if age >= shift then count = state[2 + age - shift] end
    moved[2 + age] = count
    if count > 0 then kept = age end
  end
  for age = last, kept + 1, -1 do moved[2 + age] = nil end
  return moved
end

local function sum(state)
  local total = 0
  for i = 2, #state do total = total + state[i] end
  return total
end

function s.released(p, state, age)
  return (state[1] - age + 1) * s.width(p) + p.window
end

function s.read(p, state)
  local used = sum(state)
  local reset = 0
  if used > 0 then
    local age = 0
    while state[2 + age] == 0 do age = age + 1 end
    reset = s.released(p, state, age) - now
  end
  return math.max(0, p.quota - used), reset
end

function s.wait(p, state, cost)
  local over = sum(state) + cost - p.quota
  for age = #state - 2, 0, -1 do
    if over <= 0 then break end
    over = over - state[2 + age]
    if over <= 0 then return s.released(p, state, age) - now end
  end
  return 0
end

function s.charge(p, state, cost)
  state[2] = state[2] + cost
  return { state[1], 0, 0 }
end

function s.refund(p, state, mark, amount)
  local age = state[1] - mark[1]
  local count = nil
  if age >= 0 then count = state[2 + age] end
  if count then state[2 + age] = math.max(0, count - amount) end
end

function s.lifetime(p, state) return s.released(p, state, 0) - now end

local f = {}

function f.advance(p, state)
  local start, count = now, 0
  if state then start, count = state[1], state[2] end
  if start > now + p.window then start = now end
  if now >= start + p.window then return { now, 0 } end
  return { start, count }
end

function f.read(p, state)
  local reset = 0
  if state[2] > 0 then reset = state[1] + p.window - now end
  return math.max(0, p.quota - state[2]), reset
end

function f.wait(p, state, cost)
  if state[2] + cost > p.quota then return state[1] + p.window - now end
  return 0
end

f.charge = s.charge

function f.refund(p, state, mark, amount)
  if state[1] == mark[1] then state[2] = math.max(0, state[2] - amount) end
end

function f.lifetime(p, state) return state[1] + p.window - now end

local g = {}

function g.span(p) return math.ceil(p.capacity * p.window / p.quota) end

function g.advance(p, state)
  if not state then return { 0, now, 0 } end
  local at = state[2]
  if at > now + g.span(p) then at = now end
  return { math.max(0, state[1] - math.max(0, now - at) * p.quota), math.max(at, now), state[3] }
end

function g.read(p, state)
  local reset = 0
  if state[1] > 0 then reset = math.ceil(state[1] / p.quota) + state[2] - now end
  return math.max(0, math.floor((p.capacity * p.window - state[1]) / p.window)), reset
end

function g.wait(p, state, cost)
  local over = state[1] + (cost - p.capacity) * p.window
  if over > 0 then return math.ceil(over / p.quota) + state[2] - now end
  return 0
end

function g.charge(p, state, cost)
  state[1] = state[1] + cost * p.window
  return { state[1], state[2], state[3] }
end

function g.refund(p, state, mark, amount)
  local since = (state[3] - mark[3] + RING) % RING
  local left = mark[1] - (state[2] - mark[2]) * p.quota - since
  local back = math.max(0, math.min(amount * p.window, left, state[1]))
  state[1] = state[1] - back
  state[3] = (state[3] + back) % RING
end

function g.lifetime(p, state) return g.span(p) + state[2] - now end

local counters = { s = s, f = f, g = g }
`

const STATES = `
local cells, order = {}, {}

local function cellOf(at)
  local key, field = KEYS[tonumber(ARGV[at])], ARGV[at + 1]
  local cell = cells[key] and cells[key][field]
  if cell then return cell end
  local p = {
    quota = tonumber(ARGV[at + 2]), window = tonumber(ARGV[at + 3]), capacity = tonumber(ARGV[at + 4])
  }
  cell = { key = key, field = field, p = p, counter = counters[string.sub(field, 1, 1)] }
  local packed = redis.call('HGET', key, field)
  if packed then cell.saved = cmsgpack.unpack(packed) end
  local live = cell.saved and cell.saved[1] > now
  cell.state = cell.counter.advance(p, live and cell.saved[2] or nil)
  cells[key] = cells[key] or {}
  cells[key][field] = cell
  order[#order + 1] = cell
  return cell
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

local function write(cell)
  local ttl = math.max(1, cell.counter.lifetime(cell.p, cell.state))
  if not cell.saved and redis.call('HLEN', cell.key) >= 16 then prune(cell.key) end
  redis.call('HSET', cell.key, cell.field, cmsgpack.pack({ now + ttl, cell.state }))
  expireIn(cell.key, ttl)
end
`

const RESERVE = `
if wall > tonumber(ARGV[1]) then return { -1, wall } end
local allowed = true
local before, after, charged = { 0, wall }, { 1, wall }, {}
for at = 3, #ARGV, 6 do
  local cell = cellOf(at)
  local p, state, cost = cell.p, cell.state, tonumber(ARGV[at + 5])
  local wait = 0
  if cost > p.capacity then wait = -1 elseif cost > 0 then wait = cell.counter.wait(p, state, cost) end
  local remaining, reset = cell.counter.read(p, state)
  local mark = { 0, 0, 0 }
  for _, value in ipairs({ wait, remaining, reset, 0, 0, 0 }) do before[#before + 1] = value end
  if wait ~= 0 then
    allowed = false
  elseif cost > 0 then
    mark = cell.counter.charge(p, state, cost)
    cell.charged = true
    remaining, reset = cell.counter.read(p, state)
  end
  for _, value in ipairs({ wait, remaining, reset, mark[1], mark[2], mark[3] }) do after[#after + 1] = value end
end
if allowed and ARGV[2] == '1' then
  for _, cell in ipairs(order) do if cell.charged then write(cell) end end
  return after
end
for _, cell in ipairs(order) do
  if cell.saved and redis.call('PTTL', cell.key) == -1 then
    expireIn(cell.key, math.max(1, cell.saved[1] - now))
  end
end
return before
`

const REFUND = `
if wall > tonumber(ARGV[1]) then return { -1, wall } end
for at = 2, #ARGV, 9 do
  local cell = cellOf(at)
  if cell.saved then
    local mark = { tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7]) }
    cell.counter.refund(cell.p, cell.state, mark, tonumber(ARGV[at + 8]))
    cell.charged = true
  end
end
for _, cell in ipairs(order) do if cell.charged then write(cell) end end
return { 1, wall }
`

/**
 * Puts the scripts together.
 *
 * @param clock Lua that sets `wall` and `now`; tests replace it to run schedules at any moment. Default: Redis `TIME`.
 */
export function buildScripts(clock: string = SERVER_CLOCK): Scripts {
  return {
    reserve: scriptOf(clock + COUNTERS + STATES + RESERVE),
    refund: scriptOf(clock + COUNTERS + STATES + REFUND),
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

/** A script with the name Redis caches it under: the SHA-1 of its source. */
export function scriptOf(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
