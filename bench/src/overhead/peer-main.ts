/** The process of one client that is measured: it does what it is asked, one thing after the other. */
import { Session } from 'node:inspector/promises';
import { closedLoop } from '../measure.ts';
import type { FromPeer, ToPeer } from './peer-messages.ts';
import { POSTGRES_PEERS, REDIS_PEERS, type Opened } from './peers.ts';

let client: Opened | undefined;

async function answer(message: ToPeer): Promise<FromPeer> {
  if (message.ask === 'open') {
    const peer = [...POSTGRES_PEERS, ...REDIS_PEERS].find(({ name }) => name === message.name);
    client = await peer?.open(message.access);
    return { tell: 'open' };
  }
  if (!client) throw new Error('there is no client');
  if (message.ask === 'close') {
    await client.close();
    return { tell: 'closed' };
  }
  const { callers, count } = message;
  const { run } = client;
  if (message.ask === 'stretch') return { tell: 'stretch', stretch: await closedLoop(run, callers, count) };
  return { tell: 'profile', profile: await profiled(() => closedLoop(run, callers, count)) };
}

async function profiled(work: () => Promise<unknown>): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await work();
    const { profile } = await session.post('Profiler.stop');
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}

process.on('message', (message: ToPeer) => {
  void answer(message)
    .catch((error: unknown): FromPeer => ({
      tell: 'failed',
      error: error instanceof Error ? error.message : String(error),
    }))
    .then((told) => process.send?.(told));
});
// Ctrl-C reaches the whole group: whoever started this process ends it.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
