import {
  createProxyServer,
  PASSWORD,
  removeFolder,
  serverFolder,
  startPostgres,
  type ProxyServer,
  type TestServer,
} from '@steadfast/lab/lone';
import type { PoolConfig } from 'pg';
import { afterAll, beforeAll } from 'vitest';

/** One PostgreSQL server on loopback for the tests of a file. */
export interface LonePostgres {
  readonly server: TestServer;
  readonly folder: string;
  /** what pg.Pool and HaPool both take */
  readonly config: PoolConfig;
  /** a link to it that can be broken; it is closed after the tests of the file */
  link(): Promise<{ link: ProxyServer; config: PoolConfig }>;
}

export function withPostgres(): LonePostgres {
  let folder: string | undefined;
  let server: TestServer | undefined;
  const links: ProxyServer[] = [];
  const configOf = ({ host, port }: { host: string; port: number }): PoolConfig => ({
    host,
    port,
    user: 'postgres',
    password: PASSWORD,
    database: 'postgres',
  });
  beforeAll(async () => {
    folder = await serverFolder('lone');
    server = await startPostgres(folder, 'lone');
  }, 60_000);
  afterAll(async () => {
    for (const link of links) await link.close();
    await server?.stop();
    if (folder) await removeFolder(folder);
  }, 60_000);
  return {
    get server() {
      if (!server) throw new Error('the server did not come up');
      return server;
    },
    get folder() {
      if (!folder) throw new Error('the server did not come up');
      return folder;
    },
    get config() {
      return configOf(this.server);
    },
    async link() {
      const link = await createProxyServer({ target: this.server });
      links.push(link);
      return { link, config: configOf(link.endpoint) };
    },
  };
}
