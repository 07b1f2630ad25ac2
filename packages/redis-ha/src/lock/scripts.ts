import { scriptOf, type Script } from '../once/script.ts';

/*
 * The lock is one key with an expiry; its value is `token:fence`. Each script may be sent any number of times with the same
 * token: what a repeat finds done, it leaves as it is.
 */

/**
 * KEYS: the lock, the last fence given. ARGV: token, ttl in ms.
 * The fence is the server's time in microseconds, or one more than the last where that is not later: so it rises with every
 * holder, and goes on rising after a failover that lost the last one given, as long as the servers' clocks differ by less than
 * the failover took. It stays below 2^53. The last one is kept for a day: after that the time alone is far beyond it, and
 * names that are never locked again leave nothing behind.
 * Answers {1, fence} where the lock is ours, else {0, ms until it expires}.
 */
export const ACQUIRE: Script = scriptOf(
  `
local held = redis.call('GET', KEYS[1])
if held then
  local mine = ARGV[1] .. ':'
  if string.sub(held, 1, #mine) ~= mine then return {0, redis.call('PTTL', KEYS[1])} end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {1, string.sub(held, #mine + 1)}
end
local time = redis.call('TIME')
local fence = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if fence <= last then fence = last + 1 end
local text = string.format('%.0f', fence)
redis.call('SET', KEYS[2], text, 'PX', 86400000)
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. text, 'PX', ARGV[2])
return {1, text}
`.trim(),
);

/** KEYS: the lock. ARGV: token, ttl in ms. Answers 1 where it is ours, and lasts that long from now. */
export const EXTEND: Script = scriptOf(
  `
local held = redis.call('GET', KEYS[1])
local mine = ARGV[1] .. ':'
if not held or string.sub(held, 1, #mine) ~= mine then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`.trim(),
);

/** KEYS: the lock. ARGV: token. Answers 1 where it was ours, and is free now. */
export const RELEASE: Script = scriptOf(
  `
local held = redis.call('GET', KEYS[1])
local mine = ARGV[1] .. ':'
if not held or string.sub(held, 1, #mine) ~= mine then return 0 end
return redis.call('DEL', KEYS[1])
`.trim(),
);
