import { scriptOf } from '@portcullis/kernel/redis'
import type { Script } from '@portcullis/kernel/redis'

/**
 * The steps that Redis takes by itself, each one script. `KEYS` are the clock, the log, and what the caller knows of the
 * keys a step touches; a script names the others itself, all in the slot of the prefix, which is the first argument.
 *
 * `<prefix>clock`       hash: the latest moment anything was issued at, and the one at which everything was revoked
 * `<prefix>log`         stream: revocations, each with the id of the entry before it
 * `<prefix>s:<id>`      hash: a session
 * `<prefix>i:<hash>`    sorted set: a subject's sessions by when they were last used
 * `<prefix>r:<hash>`    string: when a subject was revoked
 */
export interface Scripts {
  readonly open: Script
  readonly find: Script
  readonly use: Script
  readonly revoke: Script
  readonly sessions: Script
  /** Where the log ends, after a part of what has expired at its beginning was removed. */
  readonly position: Script
}

/** Sets `now`, the server's own time in milliseconds. */
const SERVER_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

const LOG = `
local log = KEYS[2]

local function last()
  local info = redis.pcall('XINFO', 'STREAM', log)
  if info.err then return '0-0' end
  for i = 1, #info, 2 do if info[i] == 'last-generated-id' then return info[i + 1] end end
end

-- Removes what has expired at the beginning of the log. The last entry of a page stays, as the mark to trim up to.
local function trim(most)
  local heads = redis.call('XRANGE', log, '-', '+', 'COUNT', most)
  local live = 1
  while heads[live] and tonumber(heads[live][2][10]) <= now do live = live + 1 end
  if live == 1 then return false end
  redis.call('XTRIM', log, 'MINID', heads[math.min(live, #heads)][1])
  return live > most
end
`

const STATE = `
local prefix, clock = ARGV[1], KEYS[1]
local marks = redis.call('HMGET', clock, 'latest', 'everything')
local latest, everything = tonumber(marks[1] or 0), tonumber(marks[2] or 0)

local function read(id)
  local f = redis.call('HMGET', prefix .. 's:' .. id, 'subject', 'grant', 'key', 'generation', 'created', 'used',
    'idle', 'expires', 'before', 'index')
  if not f[1] then return nil end
  local s = { id = id, subject = f[1], grant = f[2], key = f[3], generation = tonumber(f[4]), created = tonumber(f[5]),
    used = tonumber(f[6]), idle = tonumber(f[7]), expires = tonumber(f[8]), before = f[9], index = f[10] }
  if s.idle <= now or s.created <= everything then return nil end
  return s
end

local function answer(s)
  return { s.id, s.subject, s.grant, s.key, s.generation, s.created, s.used, s.idle, s.expires }
end
`

const WRITE = `
local function write(s)
  local key = prefix .. 's:' .. s.id
  redis.call('HSET', key, 'subject', s.subject, 'grant', s.grant, 'key', s.key, 'generation', s.generation,
    'created', s.created, 'used', s.used, 'idle', s.idle, 'expires', s.expires, 'before', s.before, 'index', s.index)
  redis.call('PEXPIRE', key, s.idle - now)
end

local function issue(at)
  if at > latest then
    latest = at
    redis.call('HSET', clock, 'latest', at)
  end
end

local function forget(id, index)
  redis.call('DEL', prefix .. 's:' .. id)
  if index then redis.call('ZREM', prefix .. 'i:' .. index, id) end
end

local function revoke(scope, id, ttl)
  local at = math.max(now, latest)
  redis.call('XADD', log, '*', 'after', last(), 'scope', scope, 'id', id, 'at', at, 'expires', at + ttl)
  trim(10)
  return { scope, id, at, at + ttl }
end
`

const OPEN = `
local id, subject, index, grant, key = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local idleTtl, absoluteTtl, accessTtl = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local most = tonumber(ARGV[10])
local set = prefix .. 'i:' .. index
local s = read(id)
if s then
  -- The same call once more: its answer was lost.
  if s.subject ~= subject then return redis.error_reply('TAKEN the session belongs to another subject') end
  local at = math.max(now, s.used)
  issue(at)
  return { answer(s), at, {} }
end
local at = math.max(now, everything + 1, tonumber(redis.call('GET', prefix .. 'r:' .. index) or 0) + 1)
issue(at)
local evicted = {}
if redis.call('ZCARD', set) >= most then
  local kept = 0
  for _, other in ipairs(redis.call('ZREVRANGE', set, 0, -1)) do
    if not read(other) then
      forget(other, index)
    elseif kept < most - 1 then
      kept = kept + 1
    else
      forget(other, index)
      evicted[#evicted + 1] = revoke('session', other, accessTtl)
    end
  end
end
local expires = at + absoluteTtl
s = { id = id, subject = subject, grant = grant, key = key, generation = 0, created = at, used = at,
  idle = math.min(at + idleTtl, expires), expires = expires, before = '', index = index }
write(s)
redis.call('ZADD', set, at, id)
if redis.call('PTTL', set) < expires - now then redis.call('PEXPIRE', set, expires - now) end
return { answer(s), at, evicted }
`

/** Most refresh tokens of a session that may be used again at one time. */
const REMEMBERED = 16

const USE = `
local id, generation, leeway, key = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local idleTtl, accessTtl, grant = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local s = read(id)
if not s then return { 'ended' } end
local at = math.max(now, s.used)
local before = {}
for usedAt in string.gmatch(s.before, '%d+') do before[#before + 1] = usedAt end
if generation < s.generation then
  local usedAt = tonumber(before[s.generation - generation])
  if not usedAt or at - usedAt > leeway then
    forget(id, s.index)
    return { 'reused', s.subject, revoke('session', id, accessTtl) }
  end
  if grant ~= '' then
    s.grant = grant
    write(s)
  end
else
  -- A number that the store does not know yet was given out before the store lost its latest writes.
  if generation > s.generation then before = {} end
  table.insert(before, 1, string.format('%.0f', at))
  s.before = table.concat(before, ',', 1, math.min(#before, ${REMEMBERED}))
  s.key, s.generation, s.used, s.idle = key, generation + 1, at, math.min(at + idleTtl, s.expires)
  if grant ~= '' then s.grant = grant end
  write(s)
  redis.call('ZADD', prefix .. 'i:' .. s.index, 'XX', at, id)
end
issue(at)
return { 'used', answer(s), at }
`

const REVOKE = `
local scope, id, ttl, index = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local at = math.max(now, latest)
if scope == 'session' then
  forget(id, redis.call('HGET', prefix .. 's:' .. id, 'index'))
elseif scope == 'subject' then
  local set = prefix .. 'i:' .. index
  for _, one in ipairs(redis.call('ZRANGE', set, 0, -1)) do forget(one) end
  redis.call('DEL', set)
  redis.call('SET', prefix .. 'r:' .. index, at, 'PX', at + ttl - now)
elseif scope == 'everything' then
  redis.call('HSET', clock, 'everything', at)
end
return revoke(scope, id, ttl)
`

const FIND = `
local s = read(ARGV[2])
return s and answer(s)
`

const SESSIONS = `
local all = {}
for _, id in ipairs(redis.call('ZREVRANGE', prefix .. 'i:' .. ARGV[2], 0, -1)) do
  local s = read(id)
  if s then all[#all + 1] = answer(s) end
end
return all
`

const POSITION = `
for _ = 1, 10 do if not trim(100) then break end end
return { last(), now }
`

/**
 * The scripts of a store.
 *
 * @param clock Lua that sets `now`, where tests replace it. Default: the server's own time.
 */
export function buildScripts(clock: string = SERVER_CLOCK): Scripts {
  return {
    open: scriptOf(clock + LOG + STATE + WRITE + OPEN),
    find: scriptOf(clock + STATE + FIND),
    use: scriptOf(clock + LOG + STATE + WRITE + USE),
    revoke: scriptOf(clock + LOG + STATE + WRITE + REVOKE),
    sessions: scriptOf(clock + STATE + SESSIONS),
    position: scriptOf(clock + LOG + POSITION),
  }
}
