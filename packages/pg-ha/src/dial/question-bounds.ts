import type { ClientBase } from 'pg';
import {
  endpointKey,
  type Clock,
  type Endpoint,
  type Instant,
  type Timer,
  type Topology,
} from '@steadfast/shared';
import { internals } from './client-internals.ts';

/** How long a question to a server may take. */
export interface QuestionBounds {
  readonly timeoutMs: number;
  /** nothing at all has been heard of the server by then: the question has been led astray */
  readonly patienceMs: number;
}

/** Calls `giveUp` when a question has lasted `timeoutMs`, or `patienceMs` without a byte of an answer. */
export function boundQuestion(
  clock: Clock,
  { timeoutMs, patienceMs }: QuestionBounds,
  client: () => ClientBase | undefined,
  giveUp: (error: Error) => void,
): Pick<Timer, 'cancel'> {
  const firstMs = Math.min(patienceMs, timeoutMs);
  const end = (afterMs: number): void => giveUp(new Error(`no answer within ${afterMs} ms`));
  let timer = clock.timer(firstMs, () => {
    const asked = client();
    if (firstMs === timeoutMs || !asked || !hasHeard(asked)) return end(firstMs);
    timer = clock.timer(timeoutMs - firstMs, () => end(timeoutMs));
  });
  return { cancel: () => timer.cancel() };
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
