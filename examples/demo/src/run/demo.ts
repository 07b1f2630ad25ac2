import { join } from 'node:path';
import { monotonicMs, type Lab, type Observers } from '@steadfast/lab';
import { seededRandom } from '@steadfast/shared';
import { latencyOf } from '../analysis/latency.ts';
import { report, type FaultRun, type Report } from '../analysis/report.ts';
import { HttpSender } from '../load/http-sender.ts';
import { conversationsFor, INBOX_ID, Mix, SHARES } from '../load/mix.ts';
import { OpenLoop } from '../load/open-loop.ts';
import type { DemoOptions } from '../options.ts';
import { duration } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { abortable, pause } from './abortable.ts';
import { InboxProcess } from './inbox-process.ts';
import { LiveLine } from './live-line.ts';
import { lookUp } from './look-up.ts';
import { runFault } from './run-fault.ts';
import { startLab } from './start-lab.ts';
import type { Teardown } from './teardown.ts';

const QUIET_MS = 6_000;
/** More than the app lets any request wait. */
const DRAIN_MS = 40_000;

/** The whole demonstration. What it starts is handed to `teardown`, which the caller runs however this ends. */
export async function runDemo(
  options: DemoOptions,
  screen: Screen,
  teardown: Teardown,
  signal: AbortSignal,
): Promise<Report> {
  const lab = await startLab(options, screen, teardown, signal);
  const app = await startInbox(lab, options, screen, teardown, signal);
  const failed = AbortSignal.any([signal, signalOf(app.died)]);
  const sender = new HttpSender(app.origin);
  teardown.defer('the load’s connections', () => Promise.resolve(sender.close()));
  const observers = await startObservers(lab, teardown, failed);
  const load = await startLoad(options, sender, screen, failed);
  const liveLine = new LiveLine(load, sender, screen, lab.description);
  teardown.defer('the load', () => load.stop(0));
  teardown.defer('the live line', () => Promise.resolve(liveLine.stop()));
  load.start();
  liveLine.start();
  await pause(QUIET_MS, failed);
  screen.line(
    `quiet so far: half of all requests are answered within ${duration(latencyOf(load.records).p50)}`,
  );

  const stage = { lab, observers, load, screen, strategy: options.strategy, signal: failed };
  const faults: FaultRun[] = [];
  for (const [i, fault] of options.faults.entries()) {
    screen.heading(`${i + 1} of ${options.faults.length}   ${fault.title}`);
    screen.line(fault.means);
    const run = await runFault(stage, fault, faults.at(-1)?.phase.until ?? load.startedAt);
    faults.push(run);
    if (run.unhealed !== undefined) break; // what came next would measure this fault, not its own
  }
  await abortable(load.stop(DRAIN_MS), failed);
  liveLine.stop();
  screen.heading('Looking up every message, job and counter');
  const [status, events] = await Promise.all([lab.status(), observers.events()]);
  const found = await abortable(lookUp(lab.description, status, load.records), failed);
  screen.line(
    `read directly on ${status.postgres?.primary} (PostgreSQL) and ${status.redis?.master} (Redis), by plain drivers`,
  );
  const { strategy, synchronous, rate, seed } = options;
  const { records, startedAt } = load;
  return report({
    strategy,
    synchronous,
    rate,
    seed,
    startedAt,
    endedAt: monotonicMs(),
    records,
    events,
    faults,
    found,
  });
}

async function startInbox(
  lab: Lab,
  { strategy }: DemoOptions,
  screen: Screen,
  teardown: Teardown,
  signal: AbortSignal,
): Promise<InboxProcess> {
  screen.heading('An app that knows nothing of failovers');
  const env = lab.env({ postgres: strategy, redis: 'sentinel' });
  const starting = InboxProcess.start(env, join(lab.description.logDir, 'inbox.log'));
  teardown.defer('the app', () =>
    starting.then(
      (app) => app.stop(),
      () => undefined,
    ),
  );
  const app = await abortable(starting, signal);
  screen.line(`inbox listens on ${app.origin.host}; PG_HA_STRATEGY=${strategy}, REDIS_HA_STRATEGY=sentinel`);
  return app;
}

async function startObservers(lab: Lab, teardown: Teardown, signal: AbortSignal): Promise<Observers> {
  const starting = lab.observe();
  teardown.defer('the observers', () =>
    starting.then(
      (observers) => observers.stop(),
      () => undefined,
    ),
  );
  return abortable(starting, signal);
}

async function startLoad(
  { rate, seed }: DemoOptions,
  sender: HttpSender,
  screen: Screen,
  signal: AbortSignal,
): Promise<OpenLoop> {
  const conversations: number[] = [];
  for (let i = 0; i < conversationsFor(rate); i++)
    conversations.push(await abortable(createConversation(sender, i), signal));
  const mix = new Mix(seededRandom(seed), `run-${seed}`, conversations);
  const shares = `${SHARES.message} % messages, ${SHARES.read} % reads, ${SHARES.presence} % presence, ${SHARES.counter} % counters`;
  screen.line(`load: ${rate} requests a second whatever the answers do; ${shares}; seed ${seed}`);
  return new OpenLoop({ rate, next: () => mix.next(), send: (call) => sender.send(call), now: monotonicMs });
}

async function createConversation(sender: HttpSender, number: number): Promise<number> {
  const contact = { email: `customer-${number}@example.com`, name: `Customer ${number}` };
  const { status, body } = await sender.exchange({
    method: 'POST',
    path: '/accounts/1/conversations',
    body: { inboxId: INBOX_ID, contact },
  });
  if (status !== 201 || typeof body['id'] !== 'number')
    throw new Error(`the inbox app made no conversation: ${status} ${JSON.stringify(body)}`);
  return body['id'];
}

/** A signal that aborts when the promise rejects, with its reason. */
function signalOf(promise: Promise<never>): AbortSignal {
  const controller = new AbortController();
  promise.catch((error: unknown) => controller.abort(error));
  return controller.signal;
}
