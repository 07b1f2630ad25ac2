import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { describeError, integer, readOptions, text } from '@steadfast/shared';
import { buildApp } from './app.ts';

/** How long requests that are being served may take after SIGTERM. */
const SHUTDOWN_MS = 10_000;

const LISTEN = {
  port: {
    setting: integer(0, 65_535),
    env: ['PORT'],
    default: 3000,
    doc: 'where to listen; 0 picks a free port',
  },
  host: { setting: text('an address'), env: ['HOST'], default: '127.0.0.1', doc: 'the address to listen on' },
};

async function start(): Promise<void> {
  const { port, host } = readOptions(LISTEN, {}, process.env);
  const pool = new HaPool();
  const redis = new HaRedis();
  const app = buildApp(pool, redis);

  const shutDown = async (signal: NodeJS.Signals): Promise<void> => {
    app.log.info({ signal }, 'shutting down');
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    // Kept connections would hold the server open after their last answer.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 50);
    await app.close(); // takes no new requests, finishes those it has
    clearInterval(sweep);
    await Promise.all([pool.end(), redis.quit()]);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown(signal));
  await app.listen({ port, host });
}

start().catch((error: unknown) => {
  console.error(`inbox: ${describeError(error)}`);
  process.exit(1);
});
