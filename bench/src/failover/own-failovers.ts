import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientProcess, CLIENTS, judge, type ClientSpec } from '@steadfast/campaign';
import { callsOf, parseHistory, samplesOf } from '@steadfast/check';
import { monotonicMs, type LabDescription } from '@steadfast/lab';
import type { FailoverResult } from '../result.ts';
import { removed } from '../run/removed.ts';
import type { RunOptions } from '../run/run-options.ts';
import type { Target } from '../targets/target.ts';
import type { Failovers, Telling } from './failovers.ts';
import { ownResult } from './own-result.ts';
import { placeOf, type Place } from './place.ts';

const WRITERS = 4;
const CALLS_PER_SECOND = 5;
const WARM_MS = 3_000;
const COMMAND_MS = 300_000;
const COMMAND_ABOUT_MS = 10_000;
const DEADLINE_MS = 120_000;
const DRAIN_MS = DEADLINE_MS + 5_000;
const NO_LAB = { id: '', dir: '', logDir: '', network: 'loopback', hosts: [] } satisfies LabDescription;

/**
 * What a failover costs on servers of somebody's own: the command is theirs, load, histories and checkers are the campaign's. Nobody
 * watches the servers themselves, so the client's own outage is all that is known of its length, and when it began: a provider may
 * answer long before it fails over.
 */
export function ownFailovers(
  targets: readonly Target[],
  options: Pick<RunOptions, 'failoverCommand' | 'failoverAfterMs' | 'out'>,
  data: string,
  signal: AbortSignal,
): Failovers {
  const able = targets.flatMap((target) => {
    const command = target.failoverCommand ?? options.failoverCommand;
    return command === undefined ? [] : [{ target, command, place: placeOf(target, data) }];
  });
  return {
    plannedMs: able.length * (WARM_MS + options.failoverAfterMs + COMMAND_ABOUT_MS),
    touches: able.map(
      ({ target, place }) =>
        `on ${target.name}: makes and removes ${place.what}, and runs its failover command`,
    ),
    run: async ({ say, failed, note }) => {
      const results: FailoverResult[] = [];
      for (const each of able) {
        signal.throwIfAborted();
        say(`failover of ${each.target.name}: runs its command`);
        try {
          results.push(await failOver(each, options, { failed, note }, signal));
        } catch (error) {
          signal.throwIfAborted();
          failed(`failover of ${each.target.name}, not measured`, error);
        }
      }
      return results;
    },
  };
}

async function failOver(
  { target, command, place }: { readonly target: Target; readonly command: string; readonly place: Place },
  { failoverAfterMs, out }: Pick<RunOptions, 'failoverAfterMs' | 'out'>,
  { failed, note }: Pick<Telling, 'failed' | 'note'>,
  signal: AbortSignal,
): Promise<FailoverResult> {
  const spec = specOf(target);
  const historyFile = join(out, 'histories', `${target.name}.jsonl`);
  mkdirSync(join(out, 'histories'), { recursive: true });
  let client: ClientProcess | undefined;
  try {
    await place.prepare();
    const access = { description: NO_LAB, deadlineMs: DEADLINE_MS, env: place.env, label: place.label };
    client = await ClientProcess.open({
      client: spec.name,
      access,
      writers: WRITERS,
      rate: CALLS_PER_SECOND,
      historyFile,
    });
    client.load();
    await sleep(WARM_MS, undefined, { signal });
    const faultAt = monotonicMs();
    await runCommand(command, target.name, signal);
    await sleep(failoverAfterMs, undefined, { signal });
    const until = monotonicMs();
    const { endedAt, stalls } = await client.halt(DRAIN_MS);
    const lines = parseHistory(readFileSync(historyFile, 'utf8'));
    const calls = callsOf(lines);
    // Where no primary is left there is nothing to read from, and just that outage must not go unsaid.
    const found = await place.read().catch((error: unknown) => {
      failed(`failover of ${target.name}, what was lost or doubled not counted`, error);
      return undefined;
    });
    // What a server acknowledges outlives a failover only where its replication is synchronous, which nobody has told us.
    const judged =
      found && judge({ spec, calls, samples: samplesOf(lines), found, endedAt, serversKeep: false, stalls });
    return ownResult(target, spec, { calls, faultAt, until }, judged);
  } finally {
    client?.kill();
    for (const line of await removed({ from: target.name, what: place.what, remove: place.remove }))
      note(line);
  }
}

function specOf({ library, strategy }: Target): ClientSpec {
  const prefix = library === 'pg' ? 'pg-ha' : 'redis-ha';
  const spec =
    CLIENTS.find(({ name }) => name === `${prefix}/${strategy}`) ??
    CLIENTS.find(({ name }) => name.startsWith(`${prefix}/`));
  if (!spec) throw new Error(`the campaign has no client for ${library}`);
  return spec;
}

async function runCommand(command: string, target: string, signal: AbortSignal): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, BENCH_TARGET: target },
    stdio: ['ignore', 'ignore', 'inherit'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(COMMAND_MS)]),
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the failover command of '${target}' ended with code ${code}`);
}
