import { BUCKETS } from '../core/algorithms/sliding-window.ts'
import type { Algorithm } from '../core/policy.ts'

/**
 * A window as one string: 24 bytes of header, then number (6 bytes) and count (8 bytes) of each bucket that is not
 * empty, oldest first. So a charge touches both ends of it and never walks through the middle.
 */
const SLIDING = `
local function newest(c)
  if c.at > #c.raw then return nil end
  return (unpackOf('<I6', c.raw, #c.raw - 13))
end

local s = {}

function s.prepare(p) p.width = ceil(p.window / ${BUCKETS}) end

function s.clear(c) c.raw, c.at, c.total = '', 1, 0 end

function s.load(c, raw)
  local expires, stays, total = unpackOf('<ddd', raw)
  if expires <= now then return stays end
  c.live, c.raw, c.at = true, raw, 25
  local last = newest(c)
  if not last then return stays end
  local width, window = c.p.width, c.p.window
  local ahead = 0
  if last * width > now + window then ahead = last - floor(now / width) end
  local oldest = floor((max(now, (last - ahead) * width) - window) / width) + ahead
  local at, size = 25, #raw
  while at < size do
    local bucket, count = unpackOf('<I6d', raw, at)
    if bucket >= oldest then break end
    total, at = total - count, at + 14
  end
  c.total, c.at = total, at
  if ahead == 0 then return stays end
  local dated = {}
  for from = at, size, 14 do
    local bucket, count = unpackOf('<I6d', raw, from)
    dated[#dated + 1] = packOf('<I6d', bucket - ahead, count)
  end
  c.raw, c.at = table.concat(dated), 1
  return stays
end

function s.read(c)
  local last = newest(c)
  return max(0, c.p.quota - c.total), last and (last + 1) * c.p.width + c.p.window - now or 0
end

function s.wait(c, cost)
  local over = c.total + cost - c.p.quota
  if over <= 0 then return 0 end
  for at = c.at, #c.raw, 14 do
    local bucket, count = unpackOf('<I6d', c.raw, at)
    over = over - count
    if over <= 0 then return (bucket + 1) * c.p.width + c.p.window - now end
  end
  return (max(floor(now / c.p.width), newest(c) or 0) + 1) * c.p.width + c.p.window - now
end

function s.charge(c, cost)
  local last = newest(c)
  local bucket = max(floor(now / c.p.width), last or 0)
  local kept = #c.raw
  c.total = c.total + cost
  if bucket == last then
    kept = kept - 14
    cost = cost + unpackOf('<d', c.raw, kept + 7)
  end
  c.raw, c.at = string.sub(c.raw, c.at, kept) .. packOf('<I6d', bucket, cost), 1
  return bucket, 0, 0
end

function s.refund(c, amount, mark)
  for at = #c.raw - 13, c.at, -14 do
    local bucket, count = unpackOf('<I6d', c.raw, at)
    if bucket == mark then
      local back = min(count, amount)
      c.total = c.total - back
      local left = back < count and packOf('<I6d', bucket, count - back) or ''
      c.raw, c.at = string.sub(c.raw, c.at, at - 1) .. left .. string.sub(c.raw, at + 14), 1
      return
    end
  end
end

function s.lifetime(c)
  local last = newest(c)
  return last and (last + 1) * c.p.width + c.p.window - now or 1
end

function s.save(c, expires, stays)
  return packOf('<ddd', expires, stays, c.total) .. string.sub(c.raw, c.at)
end
`

/** Names that are looked up once: a call of Lua looks up a global each time. */
const LOCALS = `
local max, min, floor, ceil = math.max, math.min, math.floor, math.ceil
local packOf, unpackOf = struct.pack, struct.unpack
local counters = {}
`

const SLIDING_WINDOW = `
counters.s = s
`

const SLIDING_LOG = `
counters.l = setmetatable({ prepare = function(p) p.width = 1 end }, { __index = s })
`

const FIXED_WINDOW = `
local f = {}

function f.prepare() end

function f.clear(c) c.start, c.count = now, 0 end

function f.load(c, raw)
  local expires, stays, start, count = unpackOf('<dddd', raw)
  if expires <= now then return stays end
  if start > now + c.p.window then start = now end
  if now >= start + c.p.window then start, count = now, 0 end
  c.live, c.start, c.count = true, start, count
  return stays
end

function f.read(c)
  return max(0, c.p.quota - c.count), c.count > 0 and c.start + c.p.window - now or 0
end

function f.wait(c, cost)
  if c.count + cost > c.p.quota then return c.start + c.p.window - now end
  return 0
end

function f.charge(c, cost)
  c.count = c.count + cost
  return c.start, 0, 0
end

function f.refund(c, amount, mark)
  if c.start == mark then c.count = max(0, c.count - amount) end
end

function f.lifetime(c) return c.start + c.p.window - now end

function f.save(c, expires, stays) return packOf('<dddd', expires, stays, c.start, c.count) end

counters.f = f
`

const GCRA = `
local RING = 4503599627370496
local g = {}

function g.prepare(p) p.span = ceil(p.capacity * p.window / p.quota) end

function g.clear(c) c.level, c.time, c.refunded = 0, now, 0 end

function g.load(c, raw)
  local expires, stays, level, saved, refunded = unpackOf('<ddddd', raw)
  if expires <= now then return stays end
  if saved > now + c.p.span then saved = now end
  if saved < now then level, saved = max(0, level - (now - saved) * c.p.quota), now end
  c.live, c.level, c.time, c.refunded = true, level, saved, refunded
  return stays
end

function g.read(c)
  local left = max(0, floor((c.p.capacity * c.p.window - c.level) / c.p.window))
  return left, c.level > 0 and ceil(c.level / c.p.quota) + c.time - now or 0
end

function g.wait(c, cost)
  local over = c.level + (cost - c.p.capacity) * c.p.window
  if over > 0 then return ceil(over / c.p.quota) + c.time - now end
  return 0
end

function g.charge(c, cost)
  c.level = c.level + cost * c.p.window
  return c.level, c.time, c.refunded
end

function g.refund(c, amount, level, time, refunded)
  local since = (c.refunded - refunded + RING) % RING
  local left = level - (c.time - time) * c.p.quota - since
  local back = max(0, min(amount * c.p.window, left, c.level))
  c.level = c.level - back
  c.refunded = (c.refunded + back) % RING
end

function g.lifetime(c) return c.p.span + c.time - now end

function g.save(c, expires, stays)
  return packOf('<ddddd', expires, stays, c.level, c.time, c.refunded)
end

counters.g = g
`

/**
 * The counters in Lua, by algorithm, mirrors of `core/algorithms`. Each expects `now` and registers itself under the first
 * letter of its policies' fields. A script defines only the counters it needs: defining them is a part of what a call costs.
 */
export function countersOf(algorithms: ReadonlySet<Algorithm>): string {
  const windows = [
    ...(algorithms.has('sliding-window') ? [SLIDING_WINDOW] : []),
    ...(algorithms.has('sliding-log') ? [SLIDING_LOG] : []),
  ]
  return [
    LOCALS,
    ...(windows.length > 0 ? [SLIDING, ...windows] : []),
    ...(algorithms.has('fixed-window') ? [FIXED_WINDOW] : []),
    ...(algorithms.has('gcra') ? [GCRA] : []),
  ].join('')
}
