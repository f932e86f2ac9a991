-- Who works on what. Each script is one step that happens wholly or not at all, whoever else is at it.
--
--   run:ID      hash   request, asked (JSON), place, priority, stage, token (who works on it, '' nobody), worker, sent (epoch
--                      seconds of the last message), resent, deaths, cancelled
--   claim:ID    string the same token, and gone when its worker has said nothing for a while
--   ears:ID     hash   daemon -> its job id: who is to hear of it
--   place:PATH  string the run that writes there
--   events:NAME stream what a daemon is to hear
--   runs        set    ids
--   dead        hash   id -> JSON: what the farm has given up
--   history     stream every stage that was done, once

-- name: prelude
local p, id = KEYS[1], KEYS[2]
local run, claim, ears = p .. 'run:' .. id, p .. 'claim:' .. id, p .. 'ears:' .. id

local function now()
  local t = redis.call('time')
  return tonumber(t[1]) + tonumber(t[2]) / 1e6
end

local function tell(line)
  local heard = redis.call('hgetall', ears)
  for i = 1, #heard, 2 do
    redis.call('xadd', p .. 'events:' .. heard[i], 'maxlen', '~', 20000, '*', 'job', heard[i + 1], 'line', line)
  end
end

local function forget()
  local place = p .. 'place:' .. (redis.call('hget', run, 'place') or '')
  if redis.call('get', place) == id then redis.call('del', place) end
  redis.call('del', run, claim, ears)
  redis.call('srem', p .. 'runs', id)
end

local function bury(line)
  local entry = {line = line, at = now(), ears = redis.call('hgetall', ears)}
  for _, field in ipairs({'request', 'stage', 'worker', 'deaths'}) do
    entry[field] = redis.call('hget', run, field)
  end
  redis.call('hset', p .. 'dead', id, cjson.encode(entry))
end

local function note(stage, took_s, ending)
  local worker = redis.call('hget', run, 'worker')
  redis.call('xadd', p .. 'history', 'maxlen', '~', 100000, '*',
    'run', id, 'stage', stage, 'worker', worker or '', 'took_s', took_s, 'ending', ending)
end

-- name: submit
-- daemon, job, request, asked, place, priority, first stage, '1' to join only -> {'new' | 'joined' | 'busy' | 'gone', stage, token}
if redis.call('exists', run) == 1 then
  if redis.call('hget', run, 'cancelled') == '1' then return {'busy', '', ''} end
  redis.call('hset', ears, ARGV[1], ARGV[2])
  if tonumber(ARGV[6]) > tonumber(redis.call('hget', run, 'priority')) then
    redis.call('hset', run, 'priority', ARGV[6])
  end
  return {'joined', redis.call('hget', run, 'stage'), redis.call('hget', run, 'token')}
end
if ARGV[8] == '1' then return {'gone', '', ''} end
local place = p .. 'place:' .. ARGV[5]
local holder = redis.call('get', place)
if holder and redis.call('exists', p .. 'run:' .. holder) == 1 then return {'busy', '', ''} end
redis.call('set', place, id)
redis.call('hset', run, 'request', ARGV[3], 'asked', ARGV[4], 'place', ARGV[5], 'priority', ARGV[6], 'stage', ARGV[7],
  'token', '', 'worker', '', 'sent', now(), 'resent', 0, 'deaths', 0, 'cancelled', '0')
redis.call('hset', ears, ARGV[1], ARGV[2])
redis.call('sadd', p .. 'runs', id)
redis.call('hdel', p .. 'dead', id)
return {'new', ARGV[7], ''}

-- name: claim
-- stage, token, milliseconds, worker -> {request, asked, priority}, or {} when there is nothing to do
if redis.call('hget', run, 'stage') ~= ARGV[1] or redis.call('hget', run, 'cancelled') == '1' then return {} end
local holder = redis.call('hget', run, 'token')
if holder ~= '' and holder ~= ARGV[2] then return {} end -- its own: the answer to its first try was lost on the way
redis.call('set', claim, ARGV[2], 'px', ARGV[3])
redis.call('hset', run, 'token', ARGV[2], 'worker', ARGV[4])
return redis.call('hmget', run, 'request', 'asked', 'priority')

-- name: renew
-- token, milliseconds -> 'mine' | 'lost' | 'cancelled'
if redis.call('hget', run, 'token') ~= ARGV[1] then return 'lost' end
redis.call('set', claim, ARGV[1], 'px', ARGV[2])
if redis.call('hget', run, 'cancelled') == '1' then return 'cancelled' end
return 'mine'

-- name: tell
-- token, line
if redis.call('hget', run, 'token') == ARGV[1] then tell(ARGV[2]) end

-- name: advance
-- token, next stage, took_s -> 1, or 0 when somebody else has it
if redis.call('hget', run, 'token') ~= ARGV[1] then return 0 end
note(redis.call('hget', run, 'stage'), ARGV[3], 'done')
redis.call('hset', run, 'stage', ARGV[2], 'token', '', 'sent', now(), 'resent', 0)
redis.call('del', claim)
return 1

-- name: finish
-- token, line, took_s, ending, '1' to keep it among the dead -> 1, or 0 when somebody else has it
if redis.call('hget', run, 'token') ~= ARGV[1] then return 0 end
note(redis.call('hget', run, 'stage'), ARGV[3], ARGV[4])
if ARGV[5] == '1' then bury(ARGV[2]) end
tell(ARGV[2])
forget()
return 1

-- name: cancel
-- daemon -> 'stopped' | 'left' (others want it) | 'asked' (its worker is told) | 'gone'
if redis.call('exists', run) == 0 then return 'gone' end
if redis.call('hexists', ears, ARGV[1]) == 0 then return 'left' end
if redis.call('hlen', ears) > 1 then
  redis.call('hdel', ears, ARGV[1])
  return 'left'
end
if redis.call('hget', run, 'token') == '' then
  forget()
  return 'stopped'
end
redis.call('hset', run, 'cancelled', '1')
return 'asked'

-- name: look
-- patience in seconds, deaths allowed, line for stopped, line for died
--   -> {'fine' | 'gone' | 'ended'}, or {'lost' | 'unheard', stage, priority, worker}: its message is to be sent again
if redis.call('exists', run) == 0 then return {'gone'} end
local f = redis.call('hmget', run, 'token', 'stage', 'priority', 'worker', 'sent', 'resent', 'cancelled')
if f[1] == '' then
  if now() - tonumber(f[5]) < tonumber(ARGV[1]) * 2 ^ tonumber(f[6]) then return {'fine'} end
  redis.call('hincrby', run, 'resent', 1)
  return {'unheard', f[2], f[3], ''}
end
if redis.call('exists', claim) == 1 then return {'fine'} end
if f[7] == '1' then
  tell(ARGV[3])
  forget()
  return {'ended'}
end
if redis.call('hincrby', run, 'deaths', 1) > tonumber(ARGV[2]) then
  bury(ARGV[4])
  tell(ARGV[4])
  forget()
  return {'ended'}
end
redis.call('hset', run, 'token', '', 'worker', '', 'sent', now(), 'resent', 0)
return {'lost', f[2], f[3], f[4]}
