import { isHaError, type Endpoint } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { Monitoring } from './monitoring.ts';

class Connection extends EventEmitter {
  ended = 0;
  primary: Endpoint | undefined;
  disconnect(): void {
    this.ended += 1;
  }
}

let clock: ManualClock;
let monitoring: Monitoring;
beforeEach(() => {
  clock = new ManualClock();
  monitoring = new Monitoring({ clock, ha: { failoverWaitMs: 0, dialTimeoutMs: 1_000 } }, () => undefined);
});

describe('a connection that is to monitor', () => {
  it('is given when it does, and hears what becomes of it on later links', async () => {
    const connection = new Connection();
    const asked = monitoring.begin(connection);
    connection.emit('monitoring');
    expect(await asked).toBe(connection);
    for (let link = 0; link < 3; link++) connection.emit('error', new Error('lost'));
    monitoring.end();
    expect([connection.ended, clock.pending]).toEqual([0, 0]);
  });

  it('is ended where it is refused', async () => {
    const connection = new Connection();
    const asked = monitoring.begin(connection);
    const refused = new Error('NOPERM');
    connection.emit('error', refused);
    await expect(asked).rejects.toBe(refused);
    expect([connection.ended, clock.pending]).toEqual([1, 0]);
    connection.emit('error', refused);
  });

  it.each([
    ['HA_NO_PRIMARY', undefined],
    ['HA_DEADLINE', { host: 'cache', port: 6379 }],
  ] as const)('is ended when its time is over: %s', async (code, primary) => {
    const connection = Object.assign(new Connection(), { primary });
    const asked = monitoring.begin(connection).catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(await asked).toMatchObject({ code, outcome: 'notSent' });
    connection.emit('monitoring');
    expect(connection.ended).toBe(1);
  });

  it('is ended with the client', async () => {
    const connection = new Connection();
    const asked = monitoring.begin(connection).catch((error: unknown) => error);
    monitoring.end();
    expect(isHaError(await asked, 'HA_CLOSED')).toBe(true);
    expect([connection.ended, clock.pending]).toEqual([1, 0]);
  });

  it('is told of to a callback too', async () => {
    const told: unknown[][] = [];
    const tell = (...news: unknown[]): void => void told.push(news);
    const [good, bad] = [new Connection(), new Connection()];
    const all = [good, bad].map((one) => monitoring.begin(one, tell));
    good.emit('monitoring');
    bad.emit('error', 'refused');
    await Promise.allSettled(all);
    expect(told).toEqual([[null, good], ['refused']]);
  });
});
