import type { Socket } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import type { CutRule } from './cut-rule.ts';
import { PatternMatcher } from './pattern.ts';
import { Pipe } from './pipe.ts';

/** After a match, the answer counts as complete when the target has been quiet for so long. */
const ANSWER_QUIET_MS = 20;
/** A target that never answers is cut off after this. */
const ANSWER_TIMEOUT_MS = 5_000;

/** What a connection needs to know of its link, and what it tells it. */
export interface Link {
  behaviour: Behaviour;
  rules: CutRule[];
  maxBufferedBytes: number;
  random(): number;
  wakeIn(ms: number, run: () => void): () => void;
  onForwarded(direction: 'up' | 'down', bytes: number): void;
  onCut(): void;
}

type State =
  | { at: 'open' }
  /** The pattern has passed: the answer is awaited, dropped, and the connection cut. */
  | { at: 'awaitingAnswer'; quiet: NodeJS.Timeout | undefined; limit: NodeJS.Timeout }
  /** Half-open: nothing passes any more, and nobody is told. */
  | { at: 'dead' }
  | { at: 'closed' };

/** A client's connection and the one to the target that belongs to it. */
export class Connection {
  readonly #link: Link;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #matchers = new Map<CutRule, PatternMatcher>();
  readonly #onClosed: () => void;
  #state: State = { at: 'open' };

  constructor(link: Link, client: Socket, upstream: Socket, onClosed: () => void) {
    this.#link = link;
    this.#client = client;
    this.#upstream = upstream;
    this.#onClosed = onClosed;
    this.#up = this.#pipe('up', client, upstream);
    this.#down = this.#pipe('down', upstream, client);
    this.#wire(client, this.#up);
    this.#wire(upstream, this.#down);
  }

  /** The behaviour changed. */
  refresh(): void {
    if (this.#link.behaviour.halfOpen) this.#goSilent();
    else if (this.#state.at === 'dead') this.#resetEnded();
    this.#up.pump();
    this.#down.pump();
  }

  /** RST to both sides, without what is still held. */
  reset(): void {
    this.#transition({ at: 'closed' });
    this.#client.resetAndDestroy();
    this.#upstream.resetAndDestroy();
  }

  #pipe(direction: 'up' | 'down', source: Socket, sink: Socket): Pipe {
    return new Pipe({
      source,
      sink,
      maxBufferedBytes: this.#link.maxBufferedBytes,
      delayMs: () => {
        const { latencyMs, jitterMs } = this.#link.behaviour;
        return jitterMs > 0 ? latencyMs + jitterMs * this.#link.random() : latencyMs;
      },
      wakeIn: (ms, run) => this.#link.wakeIn(ms, run),
      stalled: () => ['both', direction].includes(this.#link.behaviour.stall),
      onForward: (bytes) => this.#forward(direction, bytes, sink),
    });
  }

  #wire(source: Socket, pipe: Pipe): void {
    source.setNoDelay(true);
    source.on('data', (bytes) => this.#onData(source, pipe, bytes));
    source.on('end', () => this.#onEnding(pipe, 'end'));
    // The error itself says no more than that the other side has to see a reset.
    source.on('error', () => this.#onEnding(pipe, 'reset'));
    source.on('close', () => {
      if (this.#client.destroyed && this.#upstream.destroyed) {
        this.#transition({ at: 'closed' });
        this.#onClosed();
      }
    });
  }

  #onData(source: Socket, pipe: Pipe, bytes: Buffer): void {
    if (this.#state.at === 'open') return pipe.push(bytes);
    if (this.#state.at === 'awaitingAnswer') {
      if (source === this.#client) return pipe.push(bytes);
      clearTimeout(this.#state.quiet);
      this.#state.quiet = setTimeout(() => this.reset(), ANSWER_QUIET_MS);
      return;
    }
    if (this.#state.at === 'dead' && !this.#link.behaviour.halfOpen) source.resetAndDestroy();
  }

  #onEnding(pipe: Pipe, ending: 'end' | 'reset'): void {
    if (this.#state.at === 'open') pipe.pushEnding(ending);
    else if (this.#state.at === 'awaitingAnswer') this.reset();
    else if (this.#state.at === 'dead' && !this.#link.behaviour.halfOpen) this.#resetEnded();
  }

  #forward(direction: 'up' | 'down', bytes: Buffer, sink: Socket): Buffer {
    const allowed = this.#truncated(direction, bytes, sink);
    const forwarded = direction === 'up' ? this.#applyRules(allowed) : allowed;
    this.#link.onForwarded(direction, forwarded.length);
    return forwarded;
  }

  #truncated(direction: 'up' | 'down', bytes: Buffer, sink: Socket): Buffer {
    const budget = this.#link.behaviour.truncateAfterBytes;
    const left = budget[direction];
    if (left === undefined) return bytes;
    if (left > bytes.length) {
      budget[direction] = left - bytes.length;
      return bytes;
    }
    delete budget[direction];
    this.#link.onCut();
    this.#cutBehind(sink, bytes.subarray(0, left));
    this.#link.onForwarded(direction, left);
    return Buffer.alloc(0);
  }

  #applyRules(bytes: Buffer): Buffer {
    for (const rule of this.#link.rules) {
      let matcher = this.#matchers.get(rule);
      if (!matcher) this.#matchers.set(rule, (matcher = new PatternMatcher(rule.pattern)));
      for (let matches = matcher.feed(bytes); matches > 0 && this.#state.at === 'open'; matches--) {
        if (!rule.cuts()) continue;
        this.#link.onCut();
        if (!rule.forward) {
          this.reset();
          return Buffer.alloc(0);
        }
        if (!rule.dropAnswer) {
          this.#cutBehind(this.#upstream, bytes);
          this.#link.onForwarded('up', bytes.length);
          return Buffer.alloc(0);
        }
        const limit = setTimeout(() => this.reset(), ANSWER_TIMEOUT_MS);
        this.#transition({ at: 'awaitingAnswer', quiet: undefined, limit });
      }
      if (rule.spent) this.#matchers.delete(rule);
    }
    return bytes;
  }

  /** Sends the last bytes this side will get, followed by FIN, since an RST might overtake them; resets the other. */
  #cutBehind(sink: Socket, lastBytes: Buffer): void {
    const other = sink === this.#client ? this.#upstream : this.#client;
    this.#transition({ at: 'closed' });
    other.resetAndDestroy();
    sink.end(lastBytes, () => sink.destroy());
  }

  #goSilent(): void {
    if (this.#state.at === 'open' || this.#state.at === 'awaitingAnswer') this.#transition({ at: 'dead' });
  }

  /** Healed from half-open: a side that had closed meanwhile gets the answer that was due. */
  #resetEnded(): void {
    for (const socket of [this.#client, this.#upstream]) if (socket.readableEnded) socket.resetAndDestroy();
  }

  #transition(next: State): void {
    if (this.#state.at === 'awaitingAnswer') {
      clearTimeout(this.#state.quiet);
      clearTimeout(this.#state.limit);
    }
    this.#state = next;
    if (next.at !== 'dead' && next.at !== 'closed') return;
    this.#up.close();
    this.#down.close();
  }
}
