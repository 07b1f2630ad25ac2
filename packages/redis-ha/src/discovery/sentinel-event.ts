import { endpointKey, parseEndpoint, type Endpoint, type Epoch } from '@steadfast/shared';
import { readEpoch } from './epoch.ts';
import type { Translate } from '../options/nat-map.ts';

/** The course of a failover as a sentinel publishes it, read for one master. https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-pubsub */
export type SentinelEvent =
  /** a replica has been chosen, and is about to be promoted */
  | { readonly is: 'selected'; readonly replica: Endpoint; readonly step: string }
  | { readonly is: 'switched'; readonly to: Endpoint; readonly step: string }
  | { readonly is: 'aborted'; readonly step: string }
  /** whoever publishes this has been elected, or told by an operator, to lead a failover of our master */
  | { readonly is: 'elected'; readonly step: string }
  /** whoever publishes this misses our master (`agreed`: as many others as it needs do, too), or does so no more */
  | {
      readonly is: 'down' | 'up';
      readonly agreed: boolean;
      readonly master: Endpoint;
      readonly step: string;
    }
  /** sentinels among themselves: the current epoch, which is that of all masters they watch */
  | { readonly is: 'epoch'; readonly epoch: Epoch; readonly step: string }
  /** … and a vote for the sentinel with that id */
  | { readonly is: 'vote'; readonly leader: string; readonly epoch: Epoch; readonly step: string }
  /** anything else about our master or its replicas: worth a look */
  | { readonly is: 'other'; readonly step: string };

const asNamed: Translate = (endpoint) => endpoint;

const SELECTED = new Set(['+selected-slave', '+failover-state-send-slaveof-noone']);
const DOWN = /^([-+])([so])down$/;

/** What no master is named in: it is news of the sentinels, and says nothing of our master by itself. */
export function namesNoMaster(event: SentinelEvent): boolean {
  return event.is === 'epoch' || event.is === 'vote';
}

/** Where an event leads to: that is dialled because of it. */
export function leadsTo(event: SentinelEvent): Endpoint | undefined {
  if (event.is === 'selected') return event.replica;
  return event.is === 'switched' ? event.to : undefined;
}

/**
 * Reads a notification. Undefined where it is about another master or not understood: another group's failover touches nothing.
 * @param step the channel, which is the event's name
 * @param translate where an address that it names is to be dialled
 */
export function parseSentinelEvent(
  step: string,
  message: string,
  master: string,
  translate: Translate = asNamed,
): SentinelEvent | undefined {
  const words = message.split(' ');
  if (step === '+new-epoch') return parseEpoch(step, words);
  if (step === '+vote-for-leader') return parseVote(step, words);
  if (step === '+switch-master') return parseSwitch(step, words, master, translate);
  const [type, name, host, port, at, masterName] = words;
  const about = type === 'master' ? name : at === '@' ? masterName : undefined;
  if (about !== master || type === 'sentinel') return undefined;
  if (SELECTED.has(step)) {
    const replica = parseEndpoint(join(host, port), 6379);
    return replica && { is: 'selected', replica: translate(replica), step };
  }
  if (step.startsWith('-failover-abort')) return { is: 'aborted', step };
  if (type !== 'master') return { is: 'other', step };
  return step === '+elected-leader' ? { is: 'elected', step } : parseDown(step, join(host, port), translate);
}

function parseDown(step: string, address: string, translate: Translate): SentinelEvent {
  const [, sign, whose] = DOWN.exec(step) ?? [];
  const master = sign === undefined ? undefined : parseEndpoint(address, 6379);
  if (!master) return { is: 'other', step };
  return { is: sign === '+' ? 'down' : 'up', agreed: whose === 'o', master: translate(master), step };
}

function parseEpoch(step: string, [word]: readonly string[]): SentinelEvent | undefined {
  const epoch = readEpoch(word);
  return epoch === undefined ? undefined : { is: 'epoch', epoch, step };
}

function parseVote(step: string, [leader, word]: readonly string[]): SentinelEvent | undefined {
  const epoch = readEpoch(word);
  return leader === undefined || epoch === undefined ? undefined : { is: 'vote', leader, epoch, step };
}

function parseSwitch(
  step: string,
  words: readonly string[],
  master: string,
  translate: Translate,
): SentinelEvent | undefined {
  const [name, , , host, port] = words;
  const to = name === master ? parseEndpoint(join(host, port), 6379) : undefined;
  return to && { is: 'switched', to: translate(to), step };
}

function join(host: string | undefined, port: string | undefined): string {
  return endpointKey({ host: host ?? '', port: Number(port) });
}
