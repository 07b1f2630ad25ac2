import type { LinkBehaviour } from '../types.ts';

export type Target = NonNullable<LinkBehaviour['target']>;

export type Stall = 'none' | 'up' | 'down' | 'both';

/** How a link behaves. Everything can change while connections are open. 'up' runs from client to target. */
export interface Behaviour {
  /** Delay of every chunk, each way, in ms. 0..60000. Default 0. */
  latencyMs: number;
  /** Up to so much more delay, drawn for every chunk; chunks keep their order. 0..60000. Default 0. */
  jitterMs: number;
  /** Bytes are accepted, but not forwarded until the stall ends; then they arrive in order. Default 'none'. */
  stall: Stall;
  /**
   * The peer has gone without a word: nothing passes, no FIN, no RST. Connections open or opened meanwhile are dead
   * for good: after healing, the next byte on one is answered by RST, as a host does that knows nothing of it.
   */
  halfOpen: boolean;
  /** The port is closed: dialling gets ECONNREFUSED. Open connections live on. Default false. */
  refuse: boolean;
  /** Where new connections lead; open ones stay where they are. */
  target: Target;
  /** Forward so many more bytes of a direction, then cut the connection on which the count ran out, once. */
  truncateAfterBytes: { up?: number; down?: number };
}

const MAX_DELAY_MS = 60_000;
const STALLS: readonly Stall[] = ['none', 'up', 'down', 'both'];

export function initialBehaviour(target: Target): Behaviour {
  return {
    latencyMs: 0,
    jitterMs: 0,
    stall: 'none',
    halfOpen: false,
    refuse: false,
    target: checkedTarget(target),
    truncateAfterBytes: {},
  };
}

/** The behaviour after a change; a field left out keeps its value. Throws on a value that is not allowed. */
export function changed(current: Behaviour, change: LinkBehaviour): Behaviour {
  // The byte budgets are counted down in place: the caller's object is not ours to change.
  const next = { ...current };
  for (const [name, value] of Object.entries(change)) {
    if (!(name in current)) {
      throw new Error(`proxy behaviour '${name}': allowed are ${Object.keys(current).join(', ')}`);
    }
    if (value !== undefined) Object.assign(next, { [name]: structuredClone(value) });
  }
  checkNumber('latencyMs', next.latencyMs, MAX_DELAY_MS);
  checkNumber('jitterMs', next.jitterMs, MAX_DELAY_MS);
  if (!STALLS.includes(next.stall)) {
    throw new Error(`proxy behaviour stall '${next.stall}': allowed are ${STALLS.join(', ')}`);
  }
  checkedTarget(next.target);
  for (const direction of ['up', 'down'] as const) {
    const bytes = next.truncateAfterBytes[direction];
    if (bytes !== undefined) checkNumber(`truncateAfterBytes.${direction}`, bytes, Number.MAX_SAFE_INTEGER);
  }
  return next;
}

function checkedTarget(target: Target): Target {
  if (target.host === '' || !Number.isInteger(target.port) || target.port < 1 || target.port > 65_535) {
    throw new Error(
      `proxy target '${target.host}:${target.port}': a host and a port from 1 to 65535 are needed`,
    );
  }
  return target;
}

function checkNumber(name: string, value: number, max: number): void {
  if (!(value >= 0 && value <= max)) {
    throw new Error(`proxy behaviour ${name} ${value}: allowed is 0 to ${max}`);
  }
}
