import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { whenMonitoring } from './monitoring.ts';

class Connection extends EventEmitter {
  ended = 0;
  disconnect(): void {
    this.ended += 1;
  }
}

describe('a connection that is to monitor', () => {
  it('is given when it does, and hears what becomes of it on later links', async () => {
    const connection = new Connection();
    const asked = whenMonitoring(connection, () => undefined);
    connection.emit('monitoring');
    expect(await asked).toBe(connection);
    for (let link = 0; link < 3; link++) connection.emit('error', new Error('lost'));
    expect(connection.ended).toBe(0);
  });

  it('is ended where it is refused', async () => {
    const connection = new Connection();
    const asked = whenMonitoring(connection, () => undefined);
    const refused = new Error('NOPERM');
    connection.emit('error', refused);
    await expect(asked).rejects.toBe(refused);
    expect(connection.ended).toBe(1);
    connection.emit('error', refused);
  });

  it('is told of to a callback too', async () => {
    const told: unknown[][] = [];
    const tell = (...news: unknown[]): void => void told.push(news);
    const [good, bad] = [new Connection(), new Connection()];
    const all = [good, bad].map((one) => whenMonitoring(one, () => undefined, tell));
    good.emit('monitoring');
    bad.emit('error', 'refused');
    await Promise.allSettled(all);
    expect(told).toEqual([[null, good], ['refused']]);
  });
});
