/**
 * Everything that one decision asks of Redis, as one step on the server's
 * clock: the same windows as SlidingWindow's, kept as a hash of slices.
 *
 * KEYS  1 the subject's counts   2 its requests under way, by their lease's end   3 all subjects
 * ARGV  1 its place among all subjects, empty to keep it out   2 what is known of it
 *       3 most requests at once, -1 without limit   4 this request's lease, empty for none
 *       5 a lease's length, ms   6 the amount to count   7 how long counts are kept, ms
 *       then for each window: name, width of a slice in ms, number of slices, limit (-1 for none)
 *
 * Returns what refused (0 nothing, -1 too many at once, else the window's
 * number), ms until another try, requests under way, and for each window what
 * is used and the ms until something leaves it.
 */
export const SHARED_LIMITS_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local amount = tonumber(ARGV[6])
local windows = {}

-- How many are counted in each slice from one to another.
local function slices(window, from, to)
  local fields = {}
  for slice = from, to do fields[#fields + 1] = window.name .. slice end
  if #fields == 0 then return {}, fields end
  return redis.call('HMGET', KEYS[1], unpack(fields)), fields
end

local function open(name, width, count, limit)
  local window = { name = name, width = width, count = count, limit = limit, sum = 0 }
  window.current = math.floor(now / width)
  window.oldest = window.current
  local state = redis.call('HMGET', KEYS[1], name .. 'at', name .. 'sum', name .. 'oldest')
  if not state[1] then return window end
  local at = tonumber(state[1])
  if at >= window.current then
    -- Also when the clock has been set back: that gives nothing back.
    window.current = at
    window.sum = tonumber(state[2])
    window.oldest = tonumber(state[3])
    return window
  end
  local first = window.current - count
  local oldest = tonumber(state[3])
  local counts, fields = slices(window, oldest, at)
  local gone = {}
  window.oldest = nil
  for i = 1, #fields do
    if counts[i] then
      local slice = oldest + i - 1
      if slice < first then
        gone[#gone + 1] = fields[i]
      else
        window.sum = window.sum + tonumber(counts[i])
        window.oldest = window.oldest or slice
      end
    end
  end
  window.oldest = window.oldest or window.current
  if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
  redis.call('HSET', KEYS[1], name .. 'at', window.current, name .. 'sum', window.sum,
    name .. 'oldest', window.oldest)
  return window
end

local function leavesIn(window, slice)
  return math.max(1, (slice + window.count + 1) * window.width - now)
end

local function roomIn(window)
  if amount > window.limit then return window.count * window.width end
  local counts = slices(window, window.oldest, window.current)
  local left = window.sum
  for i = 1, #counts do
    left = left - tonumber(counts[i] or 0)
    if left + amount <= window.limit then return leavesIn(window, window.oldest + i - 1) end
  end
  return window.count * window.width
end

local refusedBy, wait = 0, 0
for i = 8, #ARGV, 4 do
  local window = open(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]))
  windows[#windows + 1] = window
  if window.limit >= 0 and window.sum + amount > window.limit and amount > 0 then
    local room = roomIn(window)
    if room > wait then refusedBy, wait = #windows, room end
  end
end

local atOnce = tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local active = redis.call('ZCARD', KEYS[2])
if refusedBy == 0 and ARGV[4] ~= '' and atOnce >= 0 and active >= atOnce then
  refusedBy, wait = -1, 0
end

if refusedBy == 0 and amount > 0 then
  if ARGV[1] ~= '' and redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('ZADD', KEYS[3], 0, ARGV[1])
  end
  if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], 'policy') ~= ARGV[2] then
    redis.call('HSET', KEYS[1], 'policy', ARGV[2])
  end
  for _, window in ipairs(windows) do
    if window.sum == 0 then window.oldest = window.current end
    window.sum = window.sum + amount
    redis.call('HINCRBY', KEYS[1], window.name .. window.current, amount)
    redis.call('HSET', KEYS[1], window.name .. 'at', window.current, window.name .. 'sum',
      window.sum, window.name .. 'oldest', window.oldest)
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[7])
  if ARGV[4] ~= '' then
    redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), ARGV[4])
    redis.call('PEXPIRE', KEYS[2], tonumber(ARGV[5]) * 2)
    active = active + 1
  end
end

local answer = { refusedBy, wait, active }
for _, window in ipairs(windows) do
  answer[#answer + 1] = window.sum
  answer[#answer + 1] = window.sum > 0 and leavesIn(window, window.oldest) or 0
end
return answer
`;

/**
 * Keeps leases alive.
 *
 * KEYS  1 a subject's requests under way
 * ARGV  1 a lease's length, ms   then the leases
 */
export const RENEW_LEASES_SCRIPT = `
local time = redis.call('TIME')
local ends = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], 'XX', ends, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[1]) * 2)
`;
