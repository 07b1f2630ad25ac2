import pg from 'pg';
import { APP_DATABASE, APP_USER, type Blueprint, type Host } from '../blueprint.ts';
import { LabError, reasonOf } from '../errors.ts';

/** Takes every free connection of a member and sits on them. */
export class ConnectionHolder {
  readonly #blueprint: Blueprint;
  #clients: pg.Client[] = [];

  constructor(blueprint: Blueprint) {
    this.#blueprint = blueprint;
  }

  async hold(host: Host): Promise<{ held: number; refusedBy: string }> {
    const { ports, secrets, settings } = this.#blueprint;
    const limit = settings.postgres ? settings.postgres.maxConnections : 0;
    for (let n = 0; n <= limit; n++) {
      const client = new pg.Client({
        host: host.ip,
        port: ports.postgres,
        user: APP_USER,
        password: secrets.app,
        database: APP_DATABASE,
        application_name: 'lab-connection-holder',
        connectionTimeoutMillis: 3_000,
      });
      client.on('error', () => this.#forget(client));
      try {
        await client.connect();
        this.#clients.push(client);
      } catch (error) {
        // 53300 too_many_connections is what the fault is about; anything else is a failure of the fault itself.
        if ((error as { code?: string }).code === '53300') {
          return { held: this.#clients.length, refusedBy: reasonOf(error) };
        }
        await this.release();
        throw error;
      }
    }
    throw new LabError(`${host.name} took ${this.#clients.length} connections and still refuses none`);
  }

  async release(): Promise<{ released: number }> {
    const clients = this.#clients;
    this.#clients = [];
    await Promise.allSettled(clients.map((client) => client.end()));
    return { released: clients.length };
  }

  #forget(client: pg.Client): void {
    this.#clients = this.#clients.filter((each) => each !== client);
  }
}
