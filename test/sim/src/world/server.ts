import type { Random } from '@steadfast/shared';
import type { Share } from '../time/event-clock.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Link } from './link.ts';
import type { Network, Sender } from './network.ts';

/** What is asked of a server. `work` names the work, `token` its proof. */
export type Body =
  | { readonly is: 'who' }
  | { readonly is: 'read' }
  | { readonly is: 'write'; readonly work: number }
  | { readonly is: 'begin' }
  | { readonly is: 'commit'; readonly work: number; readonly token: number }
  | { readonly is: 'claim'; readonly token: number };

export type Answer =
  | { readonly is: 'who'; readonly role: 'primary' | 'replica'; readonly timeline: number | undefined }
  | { readonly is: 'done' }
  | { readonly is: 'refused'; readonly sqlstate: string }
  /** what the proof's row says after a claim */
  | { readonly is: 'claimed'; readonly kind: 'commit' | 'claim' };

const DONE: Answer = { is: 'done' };
const READ_ONLY: Answer = { is: 'refused', sqlstate: '25006' };
const UNIQUE: Answer = { is: 'refused', sqlstate: '23505' };

export interface ServerOptions {
  name: string;
  clock: Share;
  random: Random;
  network: Network;
  ledger: Ledger;
  /** a commit is answered when a standby has it */
  synchronous: boolean;
  /** work with a proof is in no log twice */
  exact: boolean;
  /** a server that can show no epoch of its own (Redis) */
  epochless: boolean;
  violate: (rule: string, detail: string) => void;
}

/** A commit that waits for a standby to have the log up to its own place in it. */
interface Commit {
  readonly index: number;
  confirmed(): void;
}

/**
 * A database server with its log. It leads or follows another one; its log goes to those that follow it. It may be down
 * (connections are refused), frozen (they are taken, and nothing is answered) or its host dark (see the network).
 */
export class Server {
  readonly name: string;
  readonly links: Set<Link> = new Set();
  up = true;
  starting = false;
  frozen = false;
  /** what should demote it hangs: it leads on, whoever was elected */
  unsupervised = false;
  /** logins are refused so: wrong credentials, or no place left */
  refuses: '28P01' | '53300' | undefined;
  /** raised whenever all its sessions have ended */
  boot = 0;
  role: 'primary' | 'replica' = 'replica';
  timeline = 1;
  upstream: Server | undefined;
  /** the standby whose word confirms a commit, where one is needed */
  witness: Server | undefined;
  /** all the others */
  peers: readonly Server[] = [];
  log: Entry[] = [];
  /** so many entries were confirmed by a standby, or need not be */
  confirmed = 0;
  readonly #options: ServerOptions;
  #mailbox: (() => void)[] = [];
  #commits: Commit[] = [];

  constructor(options: ServerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Whether it does anything at all. */
  get running(): boolean {
    return this.up && !this.frozen && this.#options.network.reaches(this.name);
  }

  get leads(): boolean {
    return this.running && !this.starting && this.role === 'primary';
  }

  /** Whether a new connection gets work done. */
  get serves(): boolean {
    return this.leads && this.refuses === undefined;
  }

  /** Whether its log is as long as what was confirmed. */
  holds(confirmed: number): boolean {
    return this.log.length >= confirmed;
  }

  /** A message has come to its host. */
  receive(arrived: () => void): void {
    if (this.frozen) this.#mailbox.push(arrived);
    else arrived();
  }

  thaw(): void {
    this.frozen = false;
    for (const arrived of this.#mailbox.splice(0)) arrived();
  }

  /** All sessions end; what was committing keeps its place in the log, and nobody is told. */
  endSessions(why: string): void {
    this.boot += 1;
    this.#commits = [];
    for (const link of [...this.links]) link.reset(why);
  }

  crash(): void {
    this.up = false;
    this.#mailbox = [];
    this.endSessions('ECONNRESET');
  }

  /** Comes back as what it was. */
  start(): void {
    if (this.up) return;
    this.up = true;
    this.starting = true;
    this.#options.clock.timer(100 + 200 * this.#options.random.next(), () => {
      this.starting = false;
      if (this.upstream) this.upstream.#ship(this);
    });
  }

  promote(timeline: number): void {
    this.role = 'primary';
    this.upstream = undefined;
    this.timeline = timeline;
    this.confirmed = this.log.length;
    this.witness = undefined;
  }

  /** Leads no more: restarts as a standby of `upstream`, and takes its log, once there is one. */
  demote(): void {
    this.role = 'replica';
    this.endSessions('57P01 terminating connection due to administrator command');
  }

  follow(upstream: Server): void {
    if (this.role === 'primary') this.demote();
    this.upstream = upstream;
    this.timeline = upstream.timeline;
    this.#catchUp(upstream);
  }

  handle(link: Link, body: Body): void {
    if (this.starting) return link.reset('57P03 the database system is starting up');
    switch (body.is) {
      case 'who':
        return link.answer(this.#identity());
      case 'read':
        return link.answer(DONE);
      case 'begin':
        link.inTransaction = this.role === 'primary';
        return link.answer(this.role === 'primary' ? DONE : READ_ONLY);
      case 'write':
        if (this.role === 'replica') return link.answer(READ_ONLY);
        return this.#commit({ work: body.work, token: undefined, kind: 'write' }, () => link.answer(DONE));
      case 'commit':
        return this.#commitProof(link, body.work, body.token);
      case 'claim':
        return this.#claim(link, body.token);
    }
  }

  #identity(): Answer {
    const { role } = this;
    const timeline = role === 'replica' || this.#options.epochless ? undefined : this.timeline;
    return { is: 'who', role, timeline };
  }

  #commitProof(link: Link, work: number, token: number): void {
    if (!link.inTransaction || this.role === 'replica') return link.answer(READ_ONLY);
    link.inTransaction = false;
    if (this.log.some((entry) => entry.token === token)) return link.answer(UNIQUE);
    this.#commit({ work, token, kind: 'commit' }, () => link.answer(DONE));
  }

  /** A claim waits for a commit of the same token that is under way, and its own answer for a standby. */
  #claim(link: Link, token: number): void {
    if (this.role === 'replica') return link.answer(READ_ONLY);
    const found = this.log.find((entry) => entry.token === token);
    const kind = found?.kind === 'commit' ? 'commit' : 'claim';
    this.#commit({ work: -1, token, kind: 'claim' }, () => link.answer({ is: 'claimed', kind }));
  }

  #commit(entry: Entry, confirmed: () => void): void {
    const { ledger, synchronous, exact, violate } = this.#options;
    this.log.push(entry);
    if (entry.kind !== 'claim') ledger.apply(entry.work, this.name);
    if (
      exact &&
      entry.kind === 'commit' &&
      this.log.filter((each) => each.kind === 'commit' && each.work === entry.work).length > 1
    )
      violate(
        'doubled',
        `work ${entry.work}, which carries a proof, is applied twice in the log of ${this.name}`,
      );
    if (synchronous) this.#commits.push({ index: this.log.length, confirmed });
    else confirmed();
    this.#replicate();
  }

  /** Ships the log to whoever follows. */
  #replicate(): void {
    for (const standby of this.peers) if (standby.upstream === this) this.#ship(standby);
  }

  #ship(standby: Server): void {
    const { network } = this.#options;
    network.send([this.name, standby.name], standby.#follows(this), () =>
      standby.receive(() => standby.#catchUp(this)),
    );
  }

  /** What is lost between the two is sent again for as long as this one follows that one. */
  #follows(upstream: Server): Sender {
    const follows = (): boolean => this.up && this.upstream === upstream && upstream.role === 'primary';
    return {
      get open() {
        return follows();
      },
    };
  }

  /** From now on that standby's word confirms commits. */
  trust(witness: Server): void {
    if (witness === this.witness) return;
    this.witness = witness;
    this.#ship(witness);
  }

  #catchUp(upstream: Server): void {
    if (!this.up || this.upstream !== upstream || upstream.role !== 'primary') return;
    this.log = upstream.log.slice();
    const { network } = this.#options;
    const { length } = this.log;
    network.send([this.name, upstream.name], this.#follows(upstream), () =>
      upstream.receive(() => upstream.#confirm(this, length)),
    );
  }

  #confirm(by: Server, length: number): void {
    if (this.role !== 'primary' || by !== this.witness || by.upstream !== this || length <= this.confirmed)
      return;
    this.confirmed = length;
    const done = this.#commits.filter(({ index }) => index <= length);
    this.#commits = this.#commits.filter(({ index }) => index > length);
    for (const commit of done) commit.confirmed();
  }
}
