/** The observers' process: one timer, all watchers, events to whoever started it. */
import { randomBytes } from 'node:crypto';
import type { LabDescription } from '../types.ts';
import { monotonicMs } from '../monotonic.ts';
import type { FromObserver, ToObserver } from './observer-messages.ts';
import { Problems } from './problems.ts';
import type { Report } from './watch.ts';
import { watchersOf } from './watchers.ts';

const TICK_MS = 10;
/** A watcher that has seen nothing by then, not even a failure, does not hold up the start. */
const START_MS = 3_000;

const startedAt = monotonicMs();
const problems = new Problems();
const report: Report = {
  event: (event) => tell({ tell: 'event', event }),
  problem: (source, error) => problems.add(source, error),
};

function tell(message: FromObserver): void {
  if (process.connected) process.send?.(message);
}

function watch(description: LabDescription): void {
  const watchers = watchersOf(description, randomBytes(4).toString('hex'), report);
  let watching = false;
  setInterval(() => {
    const now = monotonicMs();
    for (const watcher of watchers) watcher.tick(now);
    if (watching || !(now - startedAt > START_MS || watchers.every((each) => each.started))) return;
    watching = true;
    tell({ tell: 'watching' });
  }, TICK_MS);
}

function usage(): { cpuMs: number; elapsedMs: number } {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000, elapsedMs: monotonicMs() - startedAt };
}

process.on('message', (message: ToObserver) => {
  if (message.ask === 'watch') watch(message.description);
  else tell({ tell: 'report', id: message.id, problems: problems.list(), usage: usage() });
});
// Whoever started this process is gone. Its sockets close with it.
process.on('disconnect', () => process.exit(0));
