import type { Random } from '@steadfast/shared';
import type { Call, CallKind } from './call.ts';

/** Out of 100 requests. */
export const SHARES: Readonly<Record<CallKind, number>> = {
  message: 30,
  read: 40,
  presence: 15,
  counter: 15,
};

const ACCOUNT = '/accounts/1';
export const INBOX_ID = 1;
const USERS = 40;
/** Few enough that a lost and a doubled increment of one counter are unlikely to hide each other. */
const INCREMENTS_PER_COUNTER = 10;

/** Conversations enough that none of them meets the app's limit of messages in a minute. */
export function conversationsFor(rate: number): number {
  return Math.max(20, Math.ceil(rate * 0.3));
}

/** The requests of one run, one after the other. The same seed gives the same ones. */
export class Mix {
  readonly #random: Random;
  readonly #runId: string;
  readonly #conversations: readonly number[];
  #messages = 0;
  #increments = 0;

  constructor(random: Random, runId: string, conversations: readonly number[]) {
    this.#random = random;
    this.#runId = runId;
    this.#conversations = conversations;
  }

  next(): Call {
    switch (this.#kind()) {
      case 'message':
        return this.#message();
      case 'read':
        return this.#read();
      case 'presence':
        return this.#presence();
      case 'counter':
        return this.#counter();
    }
  }

  #kind(): CallKind {
    let ticket = this.#random.next() * 100;
    if ((ticket -= SHARES.message) < 0) return 'message';
    if ((ticket -= SHARES.read) < 0) return 'read';
    if ((ticket -= SHARES.presence) < 0) return 'presence';
    return 'counter';
  }

  #message(): Call {
    this.#messages += 1;
    const key = `${this.#runId}-${this.#messages}`;
    const body = { content: `Message ${this.#messages}`, messageType: this.#below(2), sourceId: key };
    return { kind: 'message', key, method: 'POST', path: this.#conversation(), body };
  }

  #read(): Call {
    const path = this.#below(2) === 0 ? `${ACCOUNT}/conversations?inboxId=${INBOX_ID}` : this.#conversation();
    return { kind: 'read', key: '', method: 'GET', path };
  }

  #presence(): Call {
    return {
      kind: 'presence',
      key: '',
      method: 'PUT',
      path: `${ACCOUNT}/presence/user-${this.#below(USERS)}`,
    };
  }

  #counter(): Call {
    const key = `${this.#runId}-${Math.floor(this.#increments / INCREMENTS_PER_COUNTER)}`;
    this.#increments += 1;
    return { kind: 'counter', key, method: 'POST', path: `${ACCOUNT}/counters/${key}` };
  }

  #conversation(): string {
    const id = this.#conversations[this.#below(this.#conversations.length)];
    return `${ACCOUNT}/conversations/${id}/messages`;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}
