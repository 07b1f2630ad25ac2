import { asError } from '@steadfast/shared';
import { waitsForData } from '../commands/blocking.ts';
import type { DriverCommand } from '../commands/command.ts';
import { isInside } from '../commands/transaction-mark.ts';
import type { DedicatedPool, Lendable } from './dedicated-pool.ts';

interface Carrier extends Lendable {
  select(db: number): Promise<unknown>;
}

/** It would keep everything behind it waiting. In a pipeline it stays where its caller put it, and in a MULTI nothing blocks. */
export function blocksOthers(command: DriverCommand): boolean {
  return command.pipelineIndex === undefined && !isInside(command) && waitsForData(command);
}

/** Runs a command on a connection of its own, in the database that its caller has selected. */
export function carry<C extends Carrier>(
  pool: DedicatedPool<C>,
  command: DriverCommand,
  way: { db: number; ownDb: number; send: (connection: C) => unknown },
): unknown {
  const work = async (connection: C): Promise<void> => {
    if (way.db !== way.ownDb) await connection.select(way.db);
    await way.send(connection);
  };
  pool.use(work, {}).catch((error: unknown) => command.reject(asError(error)));
  return command.promise;
}
