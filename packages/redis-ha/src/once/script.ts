import { createHash } from 'node:crypto';

/**
 * Runs commands unless their proof is there already, and stores their answers in it; a repeat gets those and applies nothing.
 * So it may be sent any number of times, also when an old copy of it still sits in a socket.
 *
 * KEYS[1] is the proof, the others are the commands' own. ARGV: ttl in ms, then for each command the number of its words and
 * the words. The answers are kept as MessagePack, which tells numbers, strings (binary too), nil and status replies apart.
 * The first command that fails ends the run: where nothing was applied before it, nothing is recorded either, so that a
 * refusal (READONLY, OOM) can be tried again.
 */
export const ONCE_SCRIPT: string = `
local proof = redis.call('GET', KEYS[1])
if proof then return {1, cmsgpack.unpack(proof)} end
local answers = {}
local at = 2
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  local answer = redis.pcall(unpack(ARGV, at + 1, last))
  if type(answer) == 'table' and answer.err then
    if #answers == 0 then return {err = answer.err} end
    answers[#answers + 1] = {err = answer.err}
    break
  end
  answers[#answers + 1] = answer
  at = last + 1
end
redis.call('SET', KEYS[1], cmsgpack.pack(answers), 'PX', ARGV[1])
return {0, answers}
`.trim();

export const ONCE_SHA: string = createHash('sha1').update(ONCE_SCRIPT).digest('hex');
