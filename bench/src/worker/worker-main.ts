/** A worker process: one client, one load, one answer. */
import { Alarm } from '@steadfast/lab/lone';
import { monotonicMs } from '@steadfast/lab';
import { measure } from './measure.ts';
import type { FromWorker, Job } from './messages.ts';
import { Sockets } from './sockets.ts';

const sockets = new Sockets();
sockets.install();
const alarm = new Alarm();
const beat = {
  now: monotonicMs,
  until: (atMs: number) => new Promise<void>((resolve) => alarm.at(atMs, resolve)),
};

function tell(message: FromWorker): void {
  process.send?.(message, () => process.exit(0));
}

process.once('message', (job: Job) => {
  measure(job, beat, sockets).then(
    (result) => tell({ tell: 'done', result }),
    (error: unknown) =>
      tell({ tell: 'failed', error: error instanceof Error ? error.message : String(error) }),
  );
});
// Ctrl-C reaches the whole group: whoever started this process ends it, and cleans up.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
