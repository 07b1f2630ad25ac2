import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { closedLoop } from '../measure.ts';
import type { RatioResult } from '../result.ts';
import type { Access, Peer } from './peers.ts';

/** Where a goal was missed: one more stretch of ours under the profiler, kept as a file that browsers' tools open. */
export async function keepProfile(
  ratio: RatioResult,
  peers: readonly Peer[],
  access: Access,
  operations: number,
  folder: string,
): Promise<RatioResult> {
  const peer = peers.find(({ name }) => name === ratio.ours);
  if (!peer || ratio.goal === undefined || ratio.median >= ratio.goal) return ratio;
  const client = await peer.open(access);
  const session = new Session();
  session.connect();
  try {
    await closedLoop(client.run, ratio.callers, operations);
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await closedLoop(client.run, ratio.callers, Math.max(operations, ratio.callers));
    const { profile } = await session.post('Profiler.stop');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${ratio.ours.replaceAll(/\W+/g, '-')}-${ratio.callers}.cpuprofile`);
    await writeFile(path, JSON.stringify(profile));
    return { ...ratio, profile: path };
  } finally {
    session.disconnect();
    await client.close();
  }
}
