import { endpointKey, HaError } from '@steadfast/shared';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import type { DriverCommand } from '../commands/command.ts';
import { waitsForData } from '../commands/blocking.ts';
import { isRead } from '../commands/idempotence.ts';
import { concealSecrets } from '../driver/conceal.ts';
import { internalsOf } from '../driver/internals.ts';
import type { Settings } from '../options/settings.ts';
import { ReplicaSet, type ReplicaSetOptions, type ReplicaStatus } from './replica-set.ts';

type SendArguments = Parameters<Redis['sendCommand']>;

export interface HaReaderOptions extends Pick<ReplicaSetOptions, 'settings' | 'group'> {
  /** the way to the primary */
  primary: (command: DriverCommand) => unknown;
  /** the database that the client has selected */
  db: () => number;
  /** the client has ended: nothing may be opened for it */
  ended: () => boolean;
  /** the `commandTimeout` of a read begins */
  timed: (command: DriverCommand) => void;
}

/** A cursor means something to the server alone that gave it: no two hash alike. */
const WITH_CURSOR: ReadonlySet<string> = new Set(['scan', 'hscan', 'sscan', 'zscan']);

/**
 * The commands of ioredis that read, on replicas whose data are at most `readerMaxLagMs` old; the less busy of two that are
 * drawn. Where there is none, and where one fails with a read on it, the primary answers, as the client itself does.
 * So does it for SCAN and its like, and while the client has selected another database. Everything else is refused with
 * HA_CONFIG.
 */
export class HaReader extends Redis {
  readonly #set: ReplicaSet;
  readonly #primary: (command: DriverCommand) => unknown;
  readonly #timed: (command: DriverCommand) => void;
  readonly #mayPick: (command: DriverCommand) => boolean;

  /** @ignore `redis.reader` makes it */
  constructor({ settings, group, primary, db, ended, timed }: HaReaderOptions) {
    super(readerOptions(settings));
    this.#primary = primary;
    this.#timed = timed;
    const ownDb = settings.driver.db ?? 0;
    this.#mayPick = ({ name }) => !ended() && db() === ownDb && !WITH_CURSOR.has(name.toLowerCase());
    this.#set = new ReplicaSet({ settings, group, unanswered: (command) => void primary(command) });
    concealSecrets(this, () => ({ replicas: this.replicas.map(({ endpoint }) => endpointKey(endpoint)) }));
    internalsOf(this).setStatus('ready');
  }

  /** The replicas that are known, and how old their data are; empty while nobody reads. */
  get replicas(): readonly ReplicaStatus[] {
    return this.#set.statuses;
  }

  override sendCommand(...[given]: SendArguments): unknown {
    const command = given as unknown as DriverCommand;
    if (!isRead(command) || waitsForData(command)) {
      command.reject(refusal(command));
      return command.promise;
    }
    const { commandTimeout } = this.options;
    if (commandTimeout !== undefined) {
      this.#timed(command);
      given.setTimeout(commandTimeout);
    }
    const link = this.#mayPick(command) ? this.#set.pick() : undefined;
    if (!link) return this.#primary(command);
    link.send(command);
    return command.promise;
  }

  /** Replicas are dialled when there is something to read. */
  override connect(callback?: (error?: Error | null) => void): Promise<void> {
    callback?.(null);
    return Promise.resolve();
  }

  /** Closes the connections to replicas; the next read opens them again, unless the client has ended. */
  override disconnect(): void {
    this.#set.close();
  }

  override quit(): Promise<'OK'> {
    this.disconnect();
    return Promise.resolve('OK');
  }

  /** @ignore */
  topologyChanged(): void {
    this.#set.topologyChanged();
  }
}

function refusal(command: DriverCommand): HaError {
  const name = command.name.toUpperCase();
  const why = isRead(command) ? 'it blocks, and would hold up other reads' : 'it is no read';
  return new HaError('HA_CONFIG', `a reader does not take ${name}: ${why}; give it to the client itself`, {
    outcome: 'notSent',
  });
}

/** It has no connection of its own. */
function readerOptions({ driver }: Settings): RedisOptions & { replyMapping?: 'legacy' } {
  class NoConnector extends AbstractConnector {
    constructor() {
      super(0);
    }

    connect(): Promise<never> {
      return Promise.reject(new Error('a reader has no connection of its own'));
    }
  }
  const options = { ...driver, Connector: NoConnector, lazyConnect: true };
  return options as RedisOptions & { replyMapping?: 'legacy' };
}
