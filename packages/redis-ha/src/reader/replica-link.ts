import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import type { Socket } from 'node:net';
import { endpointKey, type Endpoint } from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';
import { isRead } from '../commands/idempotence.ts';
import { isByRole } from '../commands/error-reply.ts';
import { isSettled } from '../commands/settled.ts';
import { concealSecrets } from '../driver/conceal.ts';
import { drain, internalsOf, watchStatus } from '../driver/internals.ts';
import type { Settings } from '../options/settings.ts';
import { identify } from '../wire/identify.ts';
import { WireConnection } from '../wire/wire-connection.ts';
import { LinkSilence } from './link-silence.ts';

export interface ReplicaLinkHooks {
  /** a read that was not answered here, and may be sent elsewhere */
  unanswered: (command: DriverCommand) => void;
  ready: () => void;
  ended: (why: string) => void;
}

type LinkOptions = RedisOptions & { replyMapping?: 'legacy' };
type SendArguments = Parameters<Redis['sendCommand']>;

/**
 * One connection to one replica, for reads. It is dialled once; when it ends it has ended, and everything that was in flight
 * goes elsewhere: reads may be repeated.
 */
export class ReplicaLink extends Redis {
  readonly endpoint: Endpoint;
  readonly #hooks: ReplicaLinkHooks;
  readonly #silence: LinkSilence;
  #why = 'the connection ended';
  #isCut = false;

  constructor(endpoint: Endpoint, settings: Settings, hooks: ReplicaLinkHooks) {
    const wiring: { self?: ReplicaLink } = {};
    const dial = (): Promise<Socket> => (wiring.self as ReplicaLink).#dial(settings);
    super(linkOptions(settings, dial));
    wiring.self = this;
    this.endpoint = endpoint;
    this.#hooks = hooks;
    concealSecrets(this, () => ({ replica: endpointKey(endpoint) }));
    const { silenceMs } = settings.ha;
    this.#silence = new LinkSilence({
      clock: settings.clock,
      silenceMs,
      bytes: () => this.stream?.bytesRead ?? 0,
      busy: () => this.inFlight > 0,
      silent: () => this.cut(`no byte within ${silenceMs} ms`),
    });
    this.on('error', (error: Error) => (this.#why = error.message));
    watchStatus(this, (status) => {
      if (status === 'ready') hooks.ready();
      if (status === 'end') hooks.ended(this.#why);
    });
    this.connect().catch(() => undefined);
  }

  /** Commands of ours on it now. */
  get inFlight(): number {
    return internalsOf(this).commandQueue.length;
  }

  /** Ends it at once. */
  cut(why: string): void {
    this.#why = why;
    this.#isCut = true;
    this.stream?.destroy();
    this.disconnect();
  }

  /** Sends a read here, whatever pipeline it came in. */
  send(command: DriverCommand): void {
    void this.sendCommand(command as unknown as SendArguments[0]);
  }

  /** @ignore What sets it up, and what asks about it, is waited for no longer than a read is. */
  override sendCommand(...sent: SendArguments): unknown {
    const answer = super.sendCommand(...sent);
    this.#silence.sent();
    return answer;
  }

  /** @ignore A replica that cannot serve (it loads, or has lost its master) says so: another can. */
  override handleReconnection(error: Error, item: Parameters<Redis['handleReconnection']>[1]): void {
    if (!isByRole(error)) return super.handleReconnection(error, item);
    this.#hooks.unanswered(item.command as unknown as DriverCommand);
    this.cut(error.message);
  }

  async #dial({ data, lookup, ha, clock }: Settings): Promise<Socket> {
    const { endpoint } = this;
    const { credentials, tls, family } = data;
    const timeoutMs = ha.dialTimeoutMs;
    const connection = await WireConnection.open({ endpoint, tls, family, lookup, timeoutMs, clock });
    try {
      const identity = await identify(connection, credentials, { timeoutMs, roleOptional: false });
      if (identity.is !== 'replica')
        throw new Error(`${endpointKey(endpoint)} is ${identity.is}, no replica`);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    const socket = connection.release();
    // It was given up while it was dialled, and ioredis does not ask.
    if (this.#isCut) socket.destroy();
    // Before ioredis adds its own listener: what is in flight is not lost.
    socket.once('close', () => this.#handOn());
    return socket;
  }

  /** Reads that are still waited for go elsewhere; what sets a connection up, or asks about it, ends with it. */
  #handOn(): void {
    const { commandQueue, offlineQueue } = internalsOf(this);
    for (const { command } of [...drain(commandQueue), ...drain(offlineQueue)]) {
      if (isSettled(command)) continue;
      if (isRead(command)) this.#hooks.unanswered(command);
      else command.reject(new Error(this.#why));
    }
  }
}

/**
 * No reconnecting, no queue: both would hold reads that another server can answer now. A read's `commandTimeout` began when it
 * was given, which is the reader's to know.
 */
function linkOptions({ driver }: Settings, dial: () => Promise<Socket>): LinkOptions {
  class Connector extends AbstractConnector {
    constructor() {
      super(0);
    }

    connect(): Promise<Socket> {
      this.connecting = true;
      return dial();
    }
  }
  const { enableAutoPipelining: _, commandTimeout: __, ...rest } = driver;
  return { ...rest, Connector, retryStrategy: () => null, lazyConnect: true } as LinkOptions;
}
