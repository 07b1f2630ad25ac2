import type { ClientBase } from 'pg';
import {
  endpointKey,
  type Clock,
  type Endpoint,
  type Instant,
  type QuestionSigns,
  type Timer,
  type Topology,
} from '@steadfast/shared';
import { internals } from './client-internals.ts';

/** How long a question to a server may take. */
export interface QuestionBounds {
  readonly timeoutMs: number;
  /** nothing at all has been heard of the server by then: the question has been led astray */
  readonly patienceMs: number;
  /** once it was let in it has so long instead */
  readonly letInMs?: number | undefined;
  /** to be given of a newly dialled server; its first byte comes under TLS or before it */
  readonly signs?: QuestionSigns | undefined;
}

/** A question that shall lose no time must have a connection by this part of its patience: no server is slow in that. */
const CONNECT_SHARE = 0.4;

/** However impatient: a packet may be on its way for so long, ms. */
const LEAST_CONNECT_MS = 100;

/** The time that a question has, and what it is to be told of meanwhile. */
export interface QuestionTimer extends QuestionSigns {
  readonly cancel: () => void;
}

/**
 * Calls `giveUp` when a question has lasted `timeoutMs`, or `patienceMs` without a byte of an answer, or, where that is shorter
 * than the timeout, a part of it without a connection.
 */
export function boundQuestion(
  clock: Clock,
  { timeoutMs, patienceMs, letInMs, signs }: QuestionBounds,
  client: () => ClientBase | undefined,
  giveUp: (error: Error) => void,
): QuestionTimer {
  const firstMs = Math.min(patienceMs, timeoutMs);
  const connectMs = Math.min(firstMs, Math.max(LEAST_CONNECT_MS, CONNECT_SHARE * firstMs));
  const end = (afterMs: number): void => giveUp(new Error(`no answer within ${afterMs} ms`));
  const firstByte = (): void => {
    const asked = client();
    if (firstMs === timeoutMs || !asked || !hasHeard(asked)) return end(firstMs);
    timer = clock.timer(timeoutMs - firstMs, () => end(timeoutMs));
  };
  const connection = (): void => {
    const asked = client();
    if (!asked || internals(asked).connection.stream.connecting) return end(connectMs);
    timer = clock.timer(firstMs - connectMs, firstByte);
  };
  const start = (): Timer =>
    firstMs < timeoutMs ? clock.timer(connectMs, connection) : clock.timer(firstMs, firstByte);
  const cancel = (): void => timer.cancel();
  const opened = (): void => {
    timer.cancel();
    timer = start();
    signs?.opened();
  };
  const letIn = (): void => {
    signs?.letIn();
    if (letInMs === undefined) return;
    timer.cancel();
    timer = clock.timer(letInMs, () => end(letInMs));
  };
  let timer = start();
  const heard = (): void => signs?.heard();
  return { cancel, opened, letIn, heard };
}

/** A dial is not held to be slow before it has lasted so long, ms. */
const SLOW_MS = 250;

/**
 * Whether nothing has come of a dial, and a question that was put to its member well after it has been answered: its way was
 * silent then, and what heals does not wake it.
 */
export function isOutrun(
  client: ClientBase,
  endpoint: Endpoint,
  since: Instant,
  { members }: Topology,
): boolean {
  const member = members.get(endpointKey(endpoint));
  const answered = member !== undefined && member.role !== 'unknown';
  return answered && member.observedAt - since > SLOW_MS && !hasHeard(client);
}

/** Whether the server has sent anything: with TLS the first byte is its consent. */
function hasHeard(client: ClientBase): boolean {
  const { stream } = internals(client).connection;
  return 'encrypted' in stream || stream.bytesRead > 0;
}
