import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { Redis, type RedisOptions } from 'ioredis';
import { commandSteps } from './commands.ts';
import { connectionSteps } from './connections.ts';

/**
 * Runs the steps of ioredis's contract on one of the two clients, on a server at the port that is given, and prints what was
 * seen, step by step: to be compared.
 */
const [, , which, port] = process.argv;

const connect = (options: RedisOptions = {}): Redis => {
  const given = { host: '127.0.0.1', port: Number(port), ...options };
  const ours = { ...given, env: {} } as unknown as HaRedisOptions;
  return which === 'ha' ? new HaRedis(ours) : new Redis(given as RedisOptions & { replyMapping?: 'legacy' });
};

const admin = new Redis({ host: '127.0.0.1', port: Number(port) });
const seen: Record<string, unknown> = {};
for (const [name, step] of Object.entries({ ...commandSteps, ...connectionSteps })) {
  await admin.flushall();
  await admin.script('FLUSH');
  const clients: Redis[] = [];
  const opened = (options?: RedisOptions): Redis => {
    const client = connect(options);
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const late = new Promise((resolve) => setTimeout(() => resolve('LATE'), 5_000).unref());
  seen[name] = await Promise.race([step(opened, admin).catch(plain), late]);
  for (const client of clients) client.disconnect();
}
admin.disconnect();
console.log(JSON.stringify(seen, (_key, value: unknown) => (value instanceof Error ? plain(value) : value)));

/** Of an error, what programs look at. */
function plain(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, command } = error as Error & { command?: { name: string; args: unknown[] } };
  // Our errors have a name of their own, and say more; message and place are those that programs know.
  return {
    name: name === 'HaError' ? 'Error' : name,
    message,
    ...(command && { command: { name: command.name, args: command.args } }),
  };
}
