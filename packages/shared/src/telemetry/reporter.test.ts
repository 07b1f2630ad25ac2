import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { applyObservation } from '../topology/apply-observation.ts';
import { emptyTopology, type Topology } from '../topology/topology.ts';
import type { HaLogger } from './log.ts';
import { Reporter } from './reporter.ts';

const A = { host: 'a', port: 1 };
const B = { host: 'b', port: 1 };
const CHANNEL = channel('test:reporter');

class Setup {
  readonly clock = new ManualClock(1_000);
  readonly emitter = new EventEmitter();
  readonly lines: [level: string, fields: { event?: string }][] = [];
  readonly heard: string[] = [];
  readonly reporter: Reporter;
  #topology: Topology = emptyTopology('self', [A, B], 0);

  constructor() {
    const line =
      (level: string) =>
      (fields: unknown): void =>
        void this.lines.push([level, fields as { event?: string }]);
    const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
    const { clock, emitter } = this;
    this.reporter = new Reporter({ clock, emitter, channel: CHANNEL, log: log as unknown as HaLogger });
    for (const event of ['topology', 'primaryLost', 'primaryRecovered', 'failover', 'breaker'])
      emitter.on(event, () => this.heard.push(event));
  }

  primary(endpoint: typeof A, epoch: number): void {
    this.#apply({ kind: 'self', role: 'primary', endpoint, epoch, at: this.clock.now() });
  }

  gone(endpoint: typeof A): void {
    this.#apply({ kind: 'unreachable', endpoint, reason: 'refused', at: this.clock.now() });
  }

  #apply(observation: Parameters<typeof applyObservation>[1]): void {
    const previous = this.#topology;
    this.#topology = applyObservation(previous, observation);
    this.reporter.topologyChanged({ previous, next: this.#topology, reason: 'probe' });
  }
}

describe('Reporter', () => {
  it('tells of a failover from its loss to its end: event, log line and counters', async () => {
    const setup = new Setup();
    setup.primary(A, 1);
    setup.gone(A);
    await setup.clock.advance(700);
    setup.primary(B, 2);
    expect(setup.heard).toEqual(['topology', 'topology', 'primaryLost', 'topology', 'failover']);
    expect(setup.lines.map(([level, { event }]) => `${level} ${event}`)).toEqual([
      'info primary-found',
      'warn primary-lost',
      'warn failover',
    ]);
    expect(setup.lines[2]?.[1]).toMatchObject({
      from: 'a:1',
      to: 'b:1',
      epoch: 2,
      generation: 2,
      downtimeMs: 700,
    });
    expect(setup.reporter.counts).toEqual({ failovers: 1, downtimeMs: 700 });
  });

  it('lets a listener that throws keep nobody else from hearing it', () => {
    const setup = new Setup();
    const heard: unknown[] = [];
    setup.emitter.prependListener('topology', () => {
      throw new Error('bad listener');
    });
    setup.emitter.once('topology', () => heard.push('once'));
    setup.primary(A, 1);
    setup.gone(A);
    expect(heard).toEqual(['once']);
    expect(setup.heard).toEqual(['topology', 'topology', 'primaryLost']);
    expect(setup.lines.filter(([level]) => level === 'error')).toMatchObject([
      ['error', { event: 'listener-threw', of: 'topology', error: 'bad listener' }],
      ['error', { event: 'listener-threw' }],
    ]);
  });

  it('publishes each change on its channel, with the client', () => {
    const setup = new Setup();
    const messages: unknown[] = [];
    const listener = (message: unknown): void => void messages.push(message);
    CHANNEL.subscribe(listener);
    setup.primary(A, 1);
    CHANNEL.unsubscribe(listener);
    setup.gone(A);
    expect(messages).toMatchObject([{ client: setup.emitter, reason: 'probe', next: { generation: 1 } }]);
  });

  it('tells of the breaker only when it turns', () => {
    const setup = new Setup();
    for (const open of [false, true, true, false]) setup.reporter.breakerChanged(open);
    expect(setup.heard).toEqual(['breaker', 'breaker']);
    expect(setup.lines.map(([, { event }]) => event)).toEqual(['breaker-open', 'breaker-closed']);
  });
});
