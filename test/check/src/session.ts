import type { Call } from './history.ts';

/** What a call of a session sets out to write: a number of its own, higher than all that the session wrote before. */
export interface SessionIntent {
  readonly writes: number;
}

/** What it read: the highest number there, 0 where there is none. */
export interface SessionValue {
  readonly read: number;
}

/** A call of a session that has ended well. A writer is a session; its calls may overlap. */
export interface SessionCall {
  readonly id: string;
  readonly began: number;
  readonly at: number;
  readonly wrote: number | undefined;
  readonly read: number | undefined;
}

/** By session, in the order in which they began. */
export function sessionsOf(calls: readonly Call[]): SessionCall[][] {
  const sessions = new Map<number, SessionCall[]>();
  for (const { id, writer, began, end, intent } of calls) {
    if (end.as !== 'ok') continue;
    const wrote = (intent as SessionIntent | undefined)?.writes;
    const read = (end.value as SessionValue | undefined)?.read;
    const session = sessions.get(writer) ?? [];
    sessions.set(writer, session);
    session.push({ id, began, at: end.at, wrote, read });
  }
  return [...sessions.values()].map((session) => session.toSorted((a, b) => a.began - b.began));
}
