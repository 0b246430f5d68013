import { BUCKETS } from '../core/algorithms/sliding-window.ts'
import type { Algorithm } from '../core/policy.ts'

/** What the counters share: their table, and adding a cost to the newest count. */
export const SHARED = `
local counters = {}

local function add(p, state, cost)
  state[2] = state[2] + cost
  return { state[1], 0, 0 }
end
`

const SLIDING_WINDOW = `
local BUCKETS = ${BUCKETS}
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

s.charge = add

function s.refund(p, state, mark, amount)
  local age = state[1] - mark[1]
  local count = nil
  if age >= 0 then count = state[2 + age] end
  if count then state[2 + age] = math.max(0, count - amount) end
end

function s.lifetime(p, state) return s.released(p, state, 0) - now end

counters.s = s
`

const FIXED_WINDOW = `
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

f.charge = add

function f.refund(p, state, mark, amount)
  if state[1] == mark[1] then state[2] = math.max(0, state[2] - amount) end
end

function f.lifetime(p, state) return state[1] + p.window - now end

counters.f = f
`

const GCRA = `
local RING = 4503599627370496
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

counters.g = g
`

/**
 * The counters in Lua, by algorithm, mirrors of `core/algorithms`. Each expects `now` and registers itself under the first
 * letter of its policies' fields. A script defines only the counters it needs: defining them is a part of what a call costs.
 */
export const COUNTERS: Readonly<Record<Algorithm, string>> = {
  'sliding-window': SLIDING_WINDOW,
  'fixed-window': FIXED_WINDOW,
  gcra: GCRA,
}
