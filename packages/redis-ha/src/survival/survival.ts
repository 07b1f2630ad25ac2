import { textOf, type Reply } from '../wire/reply.ts';

/** A server's place in the history of its data, as INFO says it. */
export interface History {
  readonly id: string;
  /** how far it is */
  readonly offset: number;
  /** the history it comes from, and how far it took part in that; none where that is empty */
  readonly formerId: string;
  readonly formerOffset: number;
}

/** A look at the master in the course of the work, with counts of acknowledged writes. */
export interface Sample {
  readonly offset: number;
  /** acknowledged before it was asked: all of them lie at or before that offset */
  readonly before: number;
  /** acknowledged or in flight when it had answered: all that is acknowledged beyond this lies behind that offset */
  readonly after: number;
}

export interface Survival {
  /** writes that the old master acknowledged */
  readonly acknowledged: number;
  /** … at least so many are on the new one */
  readonly survived: number;
  /** … at least so many are not */
  readonly lost: number;
  /** … and of the rest nobody can say */
  readonly unknowable: number;
}

/** Reads the answer to INFO replication; undefined where it is something else. */
export function readHistory(reply: Reply | undefined): History | undefined {
  const fields = new Map(
    textOf(reply)
      .split('\r\n')
      .map((line) => line.split(':', 2) as [string, string]),
  );
  const id = fields.get('master_replid');
  const offset = Number(fields.get('master_repl_offset') ?? Number.NaN);
  const second = Number(fields.get('second_repl_offset') ?? -1);
  if (!id || !Number.isInteger(offset)) return undefined;
  const former = second > 0 ? (fields.get('master_replid2') ?? '') : '';
  return { id, offset, formerId: former, formerOffset: second - 1 };
}

/** How much of an old master's history a new one has: the last offset, or undefined where their histories say nothing of each other. */
export function sharedUpTo(old: History, now: History): number | undefined {
  if (now.id === old.id) return now.offset;
  if (now.formerId === old.id) return now.formerOffset;
  // The old one was promoted out of the history that goes on now: what it took after that is nowhere else.
  return old.formerId === now.id ? old.formerOffset : undefined;
}

/**
 * Pure. What a sample proves: all that was acknowledged before it was asked lies at or before its offset, all that was sent
 * after it was answered behind it. So the last sample within the shared history says what survived at least, and the first
 * one at its end or beyond what is lost at least.
 */
export function survival(
  samples: readonly Sample[],
  acknowledged: number,
  upTo: number | undefined,
): Survival {
  let survived = 0;
  let beyond = acknowledged;
  if (upTo !== undefined) {
    for (const { offset, before, after } of samples) {
      if (offset <= upTo) survived = Math.max(survived, before);
      if (offset >= upTo) beyond = Math.min(beyond, after);
    }
  }
  survived = Math.min(survived, acknowledged);
  const lost = acknowledged - Math.max(beyond, survived);
  return { acknowledged, survived, lost, unknowable: acknowledged - survived - lost };
}
