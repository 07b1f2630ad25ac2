import { createHash } from 'node:crypto';

/** A script as servers know it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function scriptOf(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Runs commands unless their proof is there already, and stores their answers in it; a repeat gets those and applies nothing.
 * So it may be sent any number of times, also when an old copy of it still sits in a socket. A repeat prolongs the proof: it
 * should be there for the next one, and a WAIT behind it counts nothing where nothing was written.
 *
 * KEYS[1] is the proof, the others are the commands' own. ARGV: ttl in ms, then for each command the number of its words and
 * the words. The answers are kept as MessagePack, which tells numbers, strings (binary too), nil and status replies apart.
 * The first command that fails ends the run: where nothing was applied before it, nothing is recorded either, so that a
 * refusal (READONLY, OOM) can be tried again.
 */
export const ONCE_SCRIPT: Script = scriptOf(
  `
local proof = redis.call('GET', KEYS[1])
if proof then
  redis.pcall('PEXPIRE', KEYS[1], ARGV[1])
  return {1, cmsgpack.unpack(proof)}
end
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
`.trim(),
);

/**
 * A program's own script inside the same proof: it sees its own KEYS and ARGV, and its answer, or its error, is recorded. On
 * one line before it, so that the line numbers in its errors stay right.
 *
 * An error is recorded too, since what the script did before it is not rolled back; but for those that say that the server
 * writes nothing now: there the record cannot be written either, and the whole can be tried again.
 */
const BEFORE = `local proof = redis.call('GET', KEYS[1])
if proof then redis.pcall('PEXPIRE', KEYS[1], ARGV[1]) return {1, cmsgpack.unpack(proof)} end
local function rest(list) local copy = {} for at = 2, #list do copy[at - 1] = list[at] end return copy end
local ok, answer = pcall(function(KEYS, ARGV) `
  .split('\n')
  .join(' ');
const AFTER = `
end, rest(KEYS), rest(ARGV))
if not ok then answer = {err = type(answer) == 'table' and answer.err or tostring(answer)} end
redis.call('SET', KEYS[1], cmsgpack.pack({answer}), 'PX', ARGV[1])
return {0, {answer}}`;

const wrapped = new Map<string, Script>();
/** Programs have few scripts; one that makes them up as it goes pays for it. */
const MAX_WRAPPED = 100;

export function withProof(lua: string): Script {
  const known = wrapped.get(lua);
  if (known) return known;
  const script = scriptOf(`${BEFORE}${lua}${AFTER}`);
  if (wrapped.size >= MAX_WRAPPED) wrapped.clear();
  wrapped.set(lua, script);
  return script;
}
