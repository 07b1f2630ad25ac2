/** A client's process: opens one client, puts load on it when told, and keeps the history. */
import type { Driver } from '../clients/client.ts';
import { openClient } from '../clients/registry.ts';
import { Load } from './load.ts';
import type { FromClient, Job, ToClient } from './messages.ts';
import { shiftClock } from './shifted-clock.ts';
import { Sockets } from './sockets.ts';

const STATUS_EVERY_MS = 50;
const CLOSE_MS = 1_000;

const sockets = new Sockets();
let driver: Driver | undefined;
let load: Load | undefined;

function tell(message: FromClient): void {
  if (process.connected) process.send?.(message);
}

async function open(job: Job): Promise<void> {
  sockets.watch();
  driver = await openClient(job.client, job.access);
  load = new Load(driver, job, sockets);
  await load.warmUp();
  tell({ tell: 'opened' });
}

async function halt(drainMs: number): Promise<void> {
  const result = await load?.halt(drainMs);
  if (result) tell({ tell: 'halted', result });
  // A stuck client may not close: its process ends all the same.
  setTimeout(() => process.exit(0), CLOSE_MS);
  await driver?.close().catch(() => undefined);
  process.exit(0);
}

function start(): void {
  load?.start();
  setInterval(() => load && tell({ tell: 'status', status: load.status }), STATUS_EVERY_MS);
}

async function obey(message: ToClient): Promise<void> {
  switch (message.ask) {
    case 'open':
      return open(message.job);
    case 'load':
      return start();
    case 'halt':
      return halt(message.drainMs);
    case 'block':
      return load?.block(message.ms);
    case 'clock':
      return shiftClock(message.ms);
    case 'begin':
      return load?.begin(message.kind, message.count);
  }
}

process.on('message', (message: ToClient) => {
  void obey(message).catch((error: unknown) =>
    tell({
      tell: 'failed',
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  );
});
// Whoever started this process is gone.
process.on('disconnect', () => process.exit(0));
// Whatever a peer leaves unhandled is its own: its load goes on, as an app's would under a handler.
process.on('uncaughtException', (error) => console.error(error));
