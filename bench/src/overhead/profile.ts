import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RatioResult } from '../result.ts';
import { PeerProcess } from './peer-process.ts';
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
  const client = await PeerProcess.open(peer, access);
  try {
    const count = Math.max(operations, ratio.callers);
    await client.stretch(ratio.callers, count);
    const profile = await client.profile(ratio.callers, count);
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${ratio.ours.replaceAll(/\W+/g, '-')}-${ratio.callers}.cpuprofile`);
    await writeFile(path, profile);
    return { ...ratio, profile: path };
  } finally {
    await client.close();
  }
}
