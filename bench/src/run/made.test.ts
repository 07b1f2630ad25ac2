import { describe, expect, it } from 'vitest';
import type { RedisClient, SqlClient } from '../workloads/workload.ts';
import { markKeys, markSchema, refuseOtherScale, scaleOfKeys, scaleOfSchema } from './made.ts';

describe('data that were made', () => {
  it('say their scale: keys in one of their own', async () => {
    const kept = new Map<unknown, unknown>();
    const client: RedisClient = {
      command: (name, key, value) =>
        Promise.resolve(name === 'set' ? kept.set(key, value) && 'OK' : (kept.get(key) ?? null)),
      pipeline: () => Promise.resolve([]),
    };
    expect(await scaleOfKeys(client, 'x:kv:')).toBeUndefined();
    await markKeys(client, 'x:kv:', 3);
    expect(await scaleOfKeys(client, 'x:kv:')).toBe(3);
    expect(await scaleOfKeys(client, 'x:chatwoot:')).toBeUndefined();
  });

  it('say their scale: a schema in its comment', async () => {
    let comment: string | undefined;
    const client: SqlClient = {
      query: (text) => {
        comment = /^COMMENT ON SCHEMA x_kv IS '(.*)'$/.exec(text)?.[1] ?? comment;
        return Promise.resolve({ rows: [{ said: comment ?? null }] });
      },
      transaction: () => Promise.reject(new Error('none is needed')),
    };
    expect(await scaleOfSchema(client, 'x_kv')).toBeUndefined();
    await markSchema(client, 'x_kv', 12);
    expect(await scaleOfSchema(client, 'x_kv')).toBe(12);
  });

  it('are refused where they are not there, and at another scale', () => {
    const refuse = (found: number | undefined) => () => refuseOtherScale('keys x:kv:* on a', found, 2);
    expect(refuse(undefined)).toThrow(/^--data: keys x:kv:\* on a are not there, or not whole; allowed: /);
    expect(refuse(1)).toThrow("--scale is '2'; allowed: 1, at which keys x:kv:* on a were made");
    expect(refuse(2)).not.toThrow();
  });
});
