import type { Operation } from '@steadfast/check';
import type { Keys } from './keys.ts';

export type ListCommand = ['rpush', key: string, element: string] | ['lrange', key: string, from: 0, to: -1];

/** What was planned with lists, as commands that are run together. */
export function listCommands({ lists }: Keys, plan: readonly Operation[]): ListCommand[] {
  return plan.map(([what, key, element]) =>
    what === 'append' ? ['rpush', lists + key, element] : ['lrange', lists + key, 0, -1],
  );
}

/** The plan, with what the commands answered to its reads. */
export function readInto(plan: readonly Operation[], answers: readonly unknown[]): Operation[] {
  return plan.map((each, index) =>
    each[0] === 'append' ? each : ['read', each[1], (answers[index] ?? []) as string[]],
  );
}
