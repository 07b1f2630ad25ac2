import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readPoolOptions, type HaPoolOptions } from '../options/pool-options.ts';
import { questionConfig } from './probe-lines.ts';

const own = (): PassThrough => new PassThrough();
const ofStrategy = (): PassThrough => new PassThrough();
const config = (options: HaPoolOptions, stream?: () => PassThrough): ReturnType<typeof questionConfig> =>
  questionConfig(readPoolOptions({ env: {}, ...options }).pool, stream);

describe('questions reach servers as the app does', () => {
  it('over its own sockets, which win over those of the strategy', () => {
    expect(config({ stream: own }).stream).toBe(own);
    expect(config({ stream: own }, ofStrategy).stream).toBe(own);
    expect(config({}, ofStrategy).stream).toBe(ofStrategy);
    expect(config({})).not.toHaveProperty('stream');
  });

  it('with all that a login needs, and nothing of what a session is set to', () => {
    const login = { enableChannelBinding: true, scramMaxIterations: 600_000, options: 'endpoint=blue' };
    const session = { statement_timeout: 5_000, application_name: 'app', query_timeout: 1 };
    const asked = config({ ...login, ...session, user: 'app', password: 'secret', database: 'inbox' });
    expect(asked).toEqual({
      ...login,
      user: 'app',
      password: 'secret',
      database: 'inbox',
      ssl: false,
      keepAlive: true,
    });
  });

  it('with the same beginning of TLS', () => {
    const connectionString = 'postgres://a@db/x?sslnegotiation=direct';
    expect(config({ connectionString })).toMatchObject({
      sslnegotiation: 'direct',
      ssl: expect.anything() as object,
    });
    expect(config({})).not.toHaveProperty('sslnegotiation');
  });
});
