import type { PoolClient } from 'pg';
import { Deadline } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import { CallTrace, watchLeases } from './call-trace.ts';

const client = { endpoint: { host: 'a', port: 1 } } as unknown as PoolClient;

describe('a watched lease', () => {
  it('stands for the request in all but the time of its grant', async () => {
    const clock = new ManualClock();
    const seen: LeaseRequest[] = [];
    const core = { clock, servers: { lease: (request: LeaseRequest) => void seen.push(request) } };
    const trace = new CallTrace('SELECT 1', 'inbox');
    const watched = watchLeases(core as unknown as PoolCore, (one, ms) => trace.granted(one, ms));
    const done: unknown[] = [];
    const request: LeaseRequest = {
      deadline: Deadline.after(clock, 100),
      signal: new AbortController().signal,
      after: 'position' as never,
      attempts: 0,
      settled: false,
      granted: (given) => done.push(given),
      failed: (error) => done.push(error),
    };
    watched.servers.lease(request);
    const [stand] = seen;
    if (!stand) throw new Error('the lease was not asked for');
    const { deadline, signal, after } = request;
    expect([stand.deadline, stand.signal, stand.after]).toEqual([deadline, signal, after]);
    stand.attempts += 1;
    stand.settled = true;
    expect([request.attempts, request.settled]).toEqual([1, true]);
    await clock.advance(30);
    stand.granted(client);
    stand.failed(new Error('x'));
    expect(done).toEqual([client, new Error('x')]);
    expect(trace).toMatchObject({ attempts: 1, waitedMs: 30, member: 'a:1', outcome: 'ok' });
  });

  it.each([
    [undefined, 'ok'],
    [{ outcome: 'unknown' }, 'unknown'],
    [new Error('the app’s own'), 'none'],
  ])('knows what became of a call that ended with %o', (error, outcome) => {
    const trace = new CallTrace(undefined, 'inbox');
    if (error) trace.error = error;
    expect(trace.outcome).toBe(outcome);
  });
});
