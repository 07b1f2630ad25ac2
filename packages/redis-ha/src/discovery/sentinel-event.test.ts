import { describe, expect, it } from 'vitest';
import { parseSentinelEvent, type SentinelEvent } from './sentinel-event.ts';

const A = { host: '10.0.0.1', port: 6379 };
const B = { host: '10.0.0.2', port: 6379 };
const replica = 'slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379';
const cases: { step: string; message: string; is: SentinelEvent['is'] | undefined; at?: unknown }[] = [
  { step: '+switch-master', message: 'mymaster 10.0.0.1 6379 10.0.0.2 6379', is: 'switched', at: B },
  { step: '+switch-master', message: 'other 10.0.0.1 6379 10.0.0.2 6379', is: undefined },
  { step: '+switch-master', message: 'mymaster 10.0.0.1', is: undefined },
  {
    step: '+switch-master',
    message: 'mymaster fd00::1 6379 fd00::2 6379',
    is: 'switched',
    at: { host: 'fd00::2', port: 6379 },
  },
  { step: '+selected-slave', message: replica, is: 'selected', at: B },
  { step: '+failover-state-send-slaveof-noone', message: replica, is: 'selected', at: B },
  { step: '+selected-slave', message: replica.replace('mymaster', 'other'), is: undefined },
  { step: '+promoted-slave', message: replica, is: 'other' },
  { step: '+try-failover', message: 'master mymaster 10.0.0.1 6379', is: 'other' },
  { step: '+try-failover', message: 'master other 10.0.0.1 6379', is: undefined },
  { step: '-failover-abort-not-elected', message: 'master mymaster 10.0.0.1 6379', is: 'aborted' },
  { step: '-failover-abort-slave-timeout', message: 'master other 10.0.0.1 6379', is: undefined },
  { step: '+odown', message: 'master mymaster 10.0.0.1 6379 #quorum 2/2', is: 'down', at: A },
  { step: '-odown', message: 'master mymaster 10.0.0.1 6379', is: 'up', at: A },
  {
    step: '+sdown',
    message: 'master mymaster fd00::1 6379',
    is: 'down',
    at: { host: 'fd00::1', port: 6379 },
  },
  { step: '-sdown', message: 'master mymaster 10.0.0.1 6379', is: 'up', at: A },
  { step: '+sdown', message: 'master other 10.0.0.1 6379', is: undefined },
  { step: '+sdown', message: replica, is: 'other' },
  { step: '+elected-leader', message: 'master mymaster 10.0.0.1 6379', is: 'elected' },
  { step: '+elected-leader', message: 'master other 10.0.0.1 6379', is: undefined },
  { step: '+sdown', message: 'sentinel abc 10.0.0.3 26379 @ mymaster 10.0.0.1 6379', is: undefined },
  { step: '+new-epoch', message: '7', is: 'epoch', at: 7 },
  { step: '+new-epoch', message: 'seven', is: undefined },
  { step: '+vote-for-leader', message: 'abc 7', is: 'vote', at: 'abc 7' },
  { step: '+vote-for-leader', message: 'abc', is: undefined },
];

describe('what a sentinel publishes', () => {
  it.each(cases)('$step $message', ({ step, message, is, at }) => {
    const event = parseSentinelEvent(step, message, 'mymaster');
    expect(event?.is).toBe(is);
    expect(endpointOf(event)).toEqual(at);
  });
});

function endpointOf(event: SentinelEvent | undefined): unknown {
  if (event?.is === 'switched') return event.to;
  if (event?.is === 'down' || event?.is === 'up') return event.master;
  if (event?.is === 'epoch') return event.epoch;
  if (event?.is === 'vote') return `${event.leader} ${event.epoch}`;
  return event?.is === 'selected' ? event.replica : undefined;
}
