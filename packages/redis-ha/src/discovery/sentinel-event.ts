import { endpointKey, parseEndpoint, type Endpoint } from '@steadfast/shared';

/** The course of a failover as a sentinel publishes it, read for one master. https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-pubsub */
export type SentinelEvent =
  /** a replica has been chosen, and is about to be promoted */
  | { readonly is: 'selected'; readonly replica: Endpoint; readonly step: string }
  | { readonly is: 'switched'; readonly to: Endpoint; readonly step: string }
  | { readonly is: 'aborted'; readonly step: string }
  /** anything else about our master or its replicas: worth a look */
  | { readonly is: 'other'; readonly step: string };

const SELECTED = new Set(['+selected-slave', '+failover-state-send-slaveof-noone']);

/**
 * Reads a notification. Undefined where it is about another master, about sentinels among themselves, or not understood:
 * another group's failover touches nothing.
 * @param step the channel, which is the event's name
 */
export function parseSentinelEvent(step: string, message: string, master: string): SentinelEvent | undefined {
  const words = message.split(' ');
  if (step === '+switch-master') return parseSwitch(step, words, master);
  const [type, name, host, port, at, masterName] = words;
  const about = type === 'master' ? name : at === '@' ? masterName : undefined;
  if (about !== master || type === 'sentinel') return undefined;
  if (SELECTED.has(step)) {
    const replica = parseEndpoint(join(host, port), 6379);
    return replica && { is: 'selected', replica, step };
  }
  return { is: step.startsWith('-failover-abort') ? 'aborted' : 'other', step };
}

function parseSwitch(step: string, words: readonly string[], master: string): SentinelEvent | undefined {
  const [name, , , host, port] = words;
  const to = name === master ? parseEndpoint(join(host, port), 6379) : undefined;
  return to && { is: 'switched', to, step };
}

function join(host: string | undefined, port: string | undefined): string {
  return endpointKey({ host: host ?? '', port: Number(port) });
}
