import { monotonicMs, type Fault, type FaultName, type Lab, type Observers } from '@steadfast/lab';
import { beforeAll, describe, expect, it } from 'vitest';
import { GRACE_MS, type Library, type LibraryRun } from './library.ts';

/** A library with the client that it is given. */
export interface Prepared {
  readonly name: string;
  readonly begin: (run: string) => Promise<LibraryRun>;
}

export function prepare<Client>(library: Library<Client>, client: () => Client): Prepared {
  return { name: library.name, begin: (run) => library.begin(client, run) };
}

export interface FailoverRow {
  readonly fault: FaultName;
  readonly target?: string;
  /** resolves when clients can reach the new primary */
  /** what may fail of one load: no more than was in flight */
  readonly mayFail: number;
  readonly over: (observers: Observers, made: Fault, since: number) => Promise<unknown>;
}

/** All libraries work side by side through each failover; then each is looked at by itself. */
export function throughFailovers(
  held: { readonly lab: Lab },
  libraries: readonly Prepared[],
  rows: readonly FailoverRow[],
): void {
  let open: Fault | undefined;
  for (const { fault, target, mayFail, over } of rows) {
    describe(`through ${fault}`, () => {
      const runs = new Map<string, LibraryRun>();
      let overAt = 0;

      beforeAll(async () => {
        const { lab } = held;
        // Not before the work has been looked at: a server that comes back may hold commits up, and that is no client's affair.
        await open?.heal();
        await lab.waitHealthy(60_000);
        // One after the other: each sets up what it needs.
        for (const { name, begin } of libraries) runs.set(name, await begin(fault.replaceAll('-', '_')));
        await Promise.all([...runs].map(([name, run]) => works(name, run, monotonicMs())));
        const observers = await lab.observe();
        const since = monotonicMs();
        open = await lab.fault(fault, target === undefined ? {} : { target });
        await over(observers, open, since);
        overAt = monotonicMs();
        const back = await Promise.all([...runs].map(([name, run]) => backAfter(name, run, overAt)));
        console.log(`${fault}, back after: ${back.join(', ')}`);
        await observers.stop();
      }, 150_000);

      for (const { name } of libraries) {
        it(`${name} goes on, and its work is right`, { timeout: 3 * GRACE_MS }, async () => {
          await expect(isRight(name, runs.get(name), overAt, mayFail)).resolves.toBeUndefined();
        });
      }
    });
  }
}

async function works(name: string, run: LibraryRun, since: number): Promise<void> {
  try {
    await run.worksAfter(since);
  } catch (error) {
    throw new Error(`${name}: ${String(error)}`, { cause: error });
  }
}

async function backAfter(name: string, run: LibraryRun, since: number): Promise<string> {
  return await works(name, run, since).then(
    () => `${name} ${Math.round(monotonicMs() - since)} ms`,
    () => `${name} not at all`,
  );
}

async function isRight(
  name: string,
  run: LibraryRun | undefined,
  since: number,
  mayFail: number,
): Promise<void> {
  if (!run) throw new Error(`${name} did not begin`);
  await works(name, run, since);
  await run.expectRight(mayFail);
}
