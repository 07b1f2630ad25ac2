import { EventEmitter } from 'node:events';
import { describeError, type HaLogger } from '@steadfast/shared';
import { ChannelBridge, type Kept } from './channel-bridge.ts';
import { readKept, streamOf } from './publish-kept.ts';
import type { StreamReader } from './stream-reader.ts';
import type { Gap } from './subscription-watch.ts';

export interface SubscriberOptions {
  /** read what was missed from the streams that `publishKept` keeps beside the channels (default false) */
  stream?: boolean;
}

/** A gap, after what could be read of it has been given out. */
export interface BridgedGap extends Gap {
  /** nothing is missing: every message of the gap has been read from the stream, and given out in order */
  readonly bridged: boolean;
}

interface Events {
  /** id: of the message in the stream, where it was read from there */
  message: [channel: string, message: string, id: string | undefined];
  pmessage: [pattern: string, channel: string, message: string];
  gap: [gap: BridgedGap];
}

/** What is needed of the connection that listens. */
export interface Listening {
  on(event: string, listener: (...args: never[]) => void): unknown;
  subscribe(...channels: string[]): Promise<unknown>;
  psubscribe(...patterns: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  punsubscribe(...patterns: string[]): Promise<unknown>;
  quit(): Promise<unknown>;
}

interface Bridged {
  readonly stream: string;
  readonly bridge: ChannelBridge;
  /** Until it is, nothing of it can have been missed: it reads what is published meanwhile itself, once it is. */
  subscribed: boolean;
  /** resolves when it is subscribed, and has read that */
  begun: Promise<void>;
}

const TRIES = 3;

/**
 * A connection that listens. It is made again at once after a failover, and says in `gap` when messages may have been missed;
 * with `stream` they are read from the streams, so that each comes once and in order.
 */
export class Subscriber extends EventEmitter<Events> {
  readonly #connection: Listening;
  readonly #reader: StreamReader;
  readonly #log: () => HaLogger | undefined;
  readonly #stream: boolean;
  /** when the first of the gaps began that have not been told of yet */
  #from: Date | undefined;
  /** whether all that has been mended of them was made whole */
  #whole = true;
  /** by the channel that is listened to */
  readonly #bridges = new Map<string, Bridged>();

  /** @ignore made by `redis.subscriber()` */
  constructor(
    connection: Listening,
    reader: StreamReader,
    options: SubscriberOptions,
    log: () => HaLogger | undefined,
  ) {
    super();
    this.#connection = connection;
    this.#reader = reader;
    this.#stream = options.stream ?? false;
    this.#log = log;
    connection.on('message', (channel: string, text: string) => this.#hear(channel, text));
    connection.on('pmessage', (...words: [string, string, string]) => this.#tell('pmessage', ...words));
    connection.on('close', () => {
      for (const { bridge } of this.#bridges.values()) bridge.pause();
    });
    connection.on('gap', (gap: Gap) => void this.#mend(gap));
  }

  /** Resolves once every message that is published from now on will come. */
  async subscribe(...channels: string[]): Promise<void> {
    if (!this.#stream) return void (await this.#connection.subscribe(...channels));
    await Promise.all(channels.map((channel) => this.#bridge(channel)));
  }

  /** Patterns have no stream: what is missed of them is told by `gap`. */
  async psubscribe(...patterns: string[]): Promise<void> {
    await this.#connection.psubscribe(...patterns);
  }

  /** From these channels, or without names from all. */
  async unsubscribe(...channels: string[]): Promise<void> {
    const names = channels.map((channel) => (this.#stream ? this.#nameOf(channel) : channel));
    // What still comes until the server has done it is not asked for any more.
    for (const name of names.length > 0 ? names : [...this.#bridges.keys()]) this.#bridges.delete(name);
    await this.#connection.unsubscribe(...names);
  }

  async punsubscribe(...patterns: string[]): Promise<void> {
    await this.#connection.punsubscribe(...patterns);
  }

  async close(): Promise<void> {
    await this.#connection.quit();
  }

  #bridge(channel: string): Promise<void> {
    const [stream, name] = [streamOf(channel), this.#nameOf(channel)];
    const known = this.#bridges.get(name);
    if (known) return known.begun;
    const give = ({ message, id }: Kept): void => {
      if (this.#bridges.get(name) === bridged) this.#tell('message', channel, message, id);
    };
    const bridge = new ChannelBridge(give);
    const bridged: Bridged = { stream, bridge, subscribed: false, begun: Promise.resolve() };
    this.#bridges.set(name, bridged);
    bridged.begun = this.#begin(name, bridged);
    return bridged.begun;
  }

  async #begin(name: string, bridged: Bridged): Promise<void> {
    const { stream, bridge } = bridged;
    try {
      // Where it stands before the subscription: what is published in between is read, not missed.
      bridge.begin(await this.#reader.newest(stream));
      // An UNSUBSCRIBE that has gone out meanwhile would come before what it takes back.
      if (this.#bridges.get(name) !== bridged) return;
      await this.#connection.subscribe(name);
      bridged.subscribed = true;
      await bridge.catchUp((from, count) => this.#reader.read(stream, from, count));
    } catch (error) {
      if (this.#bridges.get(name) === bridged) this.#bridges.delete(name);
      throw error;
    }
  }

  /** A listener that throws must not reach what goes on. */
  #tell<E extends keyof Events>(event: E, ...words: Events[E]): void {
    try {
      (this as EventEmitter).emit(event, ...words);
    } catch (error) {
      const about = { event: 'listener-threw', of: event, error: describeError(error) };
      this.#log()?.error(about, `a listener of ${event} threw`);
    }
  }

  /** The stream's own key, with the prefix: applications that share a server hear their own alone. */
  #nameOf(channel: string): string {
    return `${this.#reader.keyPrefix}${streamOf(channel)}`;
  }

  #hear(channel: string, text: string): void {
    if (!this.#stream) return this.#tell('message', channel, text, undefined);
    const kept = readKept(text);
    if (kept) this.#bridges.get(channel)?.bridge.hear(kept);
  }

  async #mend(gap: Gap): Promise<void> {
    const broken = [...this.#bridges.values()].filter(({ subscribed }) => subscribed);
    if (!this.#from || gap.from < this.#from) this.#from = gap.from;
    if (broken.length === 0 || gap.patterns.length > 0) this.#whole = false;
    const mended = await Promise.all(broken.map(({ stream, bridge }) => this.#catchUp(stream, bridge)));
    // Broken again: the next gap will tell of both.
    if (mended.includes(undefined)) return;
    const [from, bridged] = [this.#from ?? gap.from, this.#whole];
    [this.#from, this.#whole] = [undefined, true];
    const channels = gap.channels.map((name) => this.#channelOf(name));
    this.#tell('gap', { ...gap, from, channels, bridged });
  }

  #channelOf(name: string): string {
    const { keyPrefix } = this.#reader;
    return this.#bridges.has(name) ? name.slice(keyPrefix.length, -streamOf('').length) : name;
  }

  async #catchUp(stream: string, bridge: ChannelBridge): Promise<boolean | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const whole = await bridge.catchUp((from, count) => this.#reader.read(stream, from, count));
        if (whole === false) this.#whole = false;
        return whole;
      } catch (error) {
        this.#log()?.warn(
          { event: 'bridge-failed', error: describeError(error), stream },
          'what was missed could not be read',
        );
      }
    }
    bridge.goLive();
    return (this.#whole = false);
  }
}
