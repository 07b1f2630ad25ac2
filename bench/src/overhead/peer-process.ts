import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Stretch } from '../measure.ts';
import type { FromPeer, ToPeer } from './peer-messages.ts';
import type { Access, Peer } from './peers.ts';

/**
 * The handle on one client in a process of its own. In one process the garbage of each is collected in the time of all, and
 * code that all share is compiled for all: what one costs would be measured of the others, too.
 */
export class PeerProcess {
  readonly #child: ChildProcess;

  private constructor() {
    // The same module runs as source and as build output: its sibling has the same ending.
    const main = fileURLToPath(new URL(`./peer-main${import.meta.url.slice(-3)}`, import.meta.url));
    this.#child = fork(main, [], { execArgv: [] });
  }

  /** @throws where the client is not installed or cannot connect */
  static async open({ name }: Peer, access: Access): Promise<PeerProcess> {
    const peer = new PeerProcess();
    try {
      await peer.#ask({ ask: 'open', name, access }, 'open');
      return peer;
    } catch (error) {
      peer.#child.kill('SIGKILL');
      throw error;
    }
  }

  async stretch(callers: number, count: number): Promise<Stretch> {
    return (await this.#ask({ ask: 'stretch', callers, count }, 'stretch')).stretch;
  }

  /** The same under the profiler @returns the text of a .cpuprofile */
  async profile(callers: number, count: number): Promise<string> {
    return (await this.#ask({ ask: 'profile', callers, count }, 'profile')).profile;
  }

  async close(): Promise<void> {
    try {
      await this.#ask({ ask: 'close' }, 'closed');
    } finally {
      this.#child.kill('SIGKILL');
    }
  }

  async #ask<T extends FromPeer['tell']>(message: ToPeer, tell: T): Promise<FromPeer & { tell: T }> {
    const over = new AbortController();
    const { signal } = over;
    const heard = Promise.race([
      once(this.#child, 'message', { signal }).then(([told]) => told as FromPeer),
      once(this.#child, 'exit', { signal }).then((): FromPeer => ({
        tell: 'failed',
        error: 'its process has ended',
      })),
    ]);
    this.#child.send(message);
    const told = await heard.finally(() => over.abort());
    if (told.tell === 'failed') throw new Error(told.error);
    if (told.tell !== tell) throw new Error(`answered '${told.tell}' to '${message.ask}'`);
    return told as FromPeer & { tell: T };
  }
}
