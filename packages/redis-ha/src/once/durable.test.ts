import { HaError, withOutcome } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import { runDurable, type DurableHost, type DurableOptions } from './durable.ts';

type ScriptedHost = DurableHost & { readonly asked: string[]; readonly tokens: string[]; refuses?: Error };

/** A host whose scripts answer OK, until it refuses; the questions behind them are answered from a list. */
function host(...answers: unknown[]): ScriptedHost {
  const asked: string[] = [];
  const tokens: string[] = [];
  const made: ScriptedHost = {
    asked,
    tokens,
    keyPrefix: '',
    failoverWaitMs: 1_000,
    clock: new ManualClock(),
    defined: () => undefined,
    send: () => Promise.reject(new Error('the script goes with its question')),
    sendTogether([script, question]: readonly DriverCommand[]) {
      tokens.push(String(script?.args[2]));
      asked.push([question?.name, ...(question?.args ?? [])].join(' '));
      const answer = answers.shift();
      const settled = answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      settled.catch(() => undefined);
      const { refuses } = made;
      const applied = refuses ? Promise.reject(refuses) : Promise.resolve([0, [Buffer.from('OK')]]);
      return [applied, settled];
    },
  };
  return made;
}

const lost = (): HaError => new HaError('HA_CONNECTION_LOST', 'lost', { outcome: 'unknown' });
const run = (at: DurableHost, options: DurableOptions): Promise<unknown> =>
  runDurable(at, [['set', 'k', 'v']], options);

describe('durable', () => {
  it('asks behind the work, and answers as once does', async () => {
    const server = host(2);
    expect(await run(server, { replicas: 2, timeoutMs: 50 })).toEqual(['OK']);
    expect(server.asked).toEqual(['wait 2 50']);
  });

  it('asks for the disks too, where it is told so', async () => {
    const server = host([1, 1], [0, 1]);
    await run(server, { replicas: 1, fsync: true });
    expect(server.asked).toEqual(['waitaof 1 1 1000']);
    await expect(run(server, { replicas: 1, fsync: true })).rejects.toMatchObject({ acknowledgedBy: 1 });
  });

  it.each([
    ['fewer replicas', 1, 1],
    ['a server that does not know the question', new Error("ERR unknown command 'WAIT'"), 0],
    ['a client that is closed', new HaError('HA_CLOSED', 'closed', { outcome: 'unknown' }), 0],
  ])('says honestly what is known with %s', async (_what, answer, acknowledgedBy) => {
    await expect(run(host(answer), { replicas: 2 })).rejects.toMatchObject({
      code: 'HA_NOT_DURABLE',
      outcome: 'unknown',
      acknowledgedBy,
      answers: ['OK'],
    });
  });

  it.each([
    ['is lost', lost()],
    ['is refused by a replica', new Error('ERR WAIT cannot be used with replica instances.')],
    [
      'is cut short by a change of role',
      new Error(
        'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
      ),
    ],
  ])('gives work and question again together where the answer %s', async (_what, error) => {
    const server = host(error, 1);
    expect(await run(server, { replicas: 1 })).toEqual(['OK']);
    expect(server.asked).toHaveLength(2);
    expect(new Set(server.tokens).size).toBe(1);
  });

  it.each([
    ['cannot be sent', new HaError('HA_NO_PRIMARY', 'none', { outcome: 'notSent' })],
    ['is refused', withOutcome(new Error('NOREPLICAS Not enough good replicas to write.'), 'rejected')],
  ])('does not forget what was applied where the repeat %s', async (_what, error) => {
    const server = host(lost());
    const work = run(server, { replicas: 1 });
    server.refuses = error;
    await expect(work).rejects.toMatchObject({
      code: 'HA_NOT_DURABLE',
      outcome: 'unknown',
      acknowledgedBy: 0,
      answers: ['OK'],
      cause: error,
    });
  });

  it('is told as `once` is where nothing was applied', async () => {
    const server = host();
    server.refuses = new HaError('HA_NO_PRIMARY', 'none', { outcome: 'notSent' });
    await expect(run(server, { replicas: 1 })).rejects.toBe(server.refuses);
  });

  it('does not try for ever', async () => {
    const server = host(...Array.from({ length: 9 }, lost));
    await expect(run(server, { replicas: 1 })).rejects.toMatchObject({ code: 'HA_NOT_DURABLE' });
    expect(server.asked).toHaveLength(5);
  });

  it('takes the token it is given, and one of its own otherwise', async () => {
    const server = host(1, 1, 1);
    await run(server, { replicas: 1, token: 'mine' });
    await run(server, { replicas: 1 });
    await run(server, { replicas: 1 });
    expect(server.tokens[0]).toBe('ha:once:mine');
    expect(new Set(server.tokens).size).toBe(3);
  });

  it.each([
    [{ replicas: 0 }, /durable: replicas/],
    [{ replicas: 17 }, /durable: replicas/],
    [{ replicas: 1, timeoutMs: 0 }, /durable: timeoutMs/],
    [{ replicas: 1, timeoutMs: 60_001 }, /durable: timeoutMs/],
    [{ replicas: 1, fsync: 'yes' as unknown as boolean }, /durable: fsync/],
    [{ replicas: 1, token: '' }, /once: token/],
  ])('refuses %o', async (options, message) => {
    const server = host();
    await expect(run(server, options)).rejects.toThrow(message);
    expect(server.asked).toEqual([]);
  });
});
