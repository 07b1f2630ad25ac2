import {
  describeError,
  describeSearch,
  HaError,
  primaryOf,
  type HaCode,
  type Outcome,
} from '@steadfast/shared';
import type { Ticket } from '../commands/parked-queue.ts';
import { closedError } from '../dial/dialer.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';

/** A link ended by itself, or was ended by us. */
export type LinkLoss = Extract<HaCode, 'HA_CONNECTION_LOST' | 'HA_INTERRUPTED'>;

/** The errors of commands. Each command gets one of its own: callers may write on it. */
export const trafficErrors = {
  full(limit: number): HaError {
    const message = `${limit} commands are waiting for a primary already; shed load, or raise maxWaiting`;
    return new HaError('HA_QUEUE_FULL', message, { outcome: 'notSent' });
  },

  fullOfBytes(limit: number): HaError {
    const message = `the commands that are waiting for a primary hold ${limit} bytes already; shed load, or raise maxWaitingBytes`;
    return new HaError('HA_QUEUE_FULL', message, { outcome: 'notSent' });
  },

  /** `enableOfflineQueue: false`, in ioredis's words. */
  notQueued(): HaError {
    const message = "Stream isn't writeable and enableOfflineQueue options is false";
    return new HaError('HA_CONNECTION_LOST', message, { outcome: 'notSent' });
  },

  circuitOpen(group: ReplicationGroup): HaError {
    const message = `${group.name}: the outage has lasted long, commands fail at once until a primary is seen`;
    return new HaError('HA_CIRCUIT_OPEN', message, { outcome: 'notSent' });
  },

  /** The deadline of a command that waited. */
  expired(ticket: Ticket, group: ReplicationGroup, waitedMs: number): HaError {
    const name = ticket.command.name.toUpperCase();
    const { topology } = group.monitor;
    const details = { outcome: ticket.outcome, cause: ticket.cause };
    if (ticket.outcome !== 'notSent') {
      const said =
        ticket.outcome === 'unknown' ? 'it was sent, and its answer was lost' : 'it was refused each time';
      return new HaError('HA_DEADLINE', `${name} reached its deadline of ${waitedMs} ms: ${said}`, details);
    }
    if (primaryOf(topology)) {
      const why = group.hold.holding ? group.hold.why : 'no connection to it could be used';
      return new HaError(
        'HA_DEADLINE',
        `${name} was not sent within ${waitedMs} ms: there is a primary, but ${why}`,
        details,
      );
    }
    const { trouble } = group.monitor;
    const last = trouble === undefined ? '' : `; last error: ${describeError(trouble)}`;
    const message = `no primary of ${group.name} within ${waitedMs} ms, ${name} was not sent: ${describeSearch(topology)}${last}`;
    return new HaError('HA_NO_PRIMARY', message, { ...details, cause: trouble });
  },

  /** The link ended with the command in flight. */
  linkLost(code: LinkLoss, name: string, member: string): HaError {
    const why = code === 'HA_INTERRUPTED' ? 'was cut, since its server is the primary no more' : 'ended';
    const message = `the connection to ${member} ${why} with ${name.toUpperCase()} in flight: it may have been applied`;
    return new HaError(code, message, { outcome: 'unknown', member });
  },

  transactionLost(member: string): HaError {
    const message = `the connection to ${member} ended before EXEC was sent; nothing of the transaction was applied`;
    return new HaError('HA_TRANSACTION_LOST', message, { outcome: 'rejected', member });
  },

  strayed(name: string): HaError {
    const message = `the connection ended, and the transaction of this ${name.toUpperCase()} with it: it is not sent alone`;
    return new HaError('HA_TRANSACTION_LOST', message, { outcome: 'rejected' });
  },

  waitLost(name: string): HaError {
    const message = `${name.toUpperCase()} counts the writes of its own connection, which is gone: its answer would mean nothing`;
    return new HaError('HA_CONNECTION_LOST', message, { outcome: 'notSent' });
  },

  /** The client has been closed. */
  closed(outcome: Outcome): HaError {
    const { code, message } = closedError();
    return new HaError(code, message, { outcome });
  },

  again(error: HaError, outcome: Outcome = error.outcome, code: HaCode = error.code): HaError {
    return new HaError(code, error.message, { outcome, cause: error.cause, member: error.member });
  },
};
