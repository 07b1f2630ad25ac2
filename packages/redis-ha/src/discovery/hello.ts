import {
  endpointKey,
  parseEndpoint,
  primaryOf,
  type Endpoint,
  type Epoch,
  type Topology,
} from '@steadfast/shared';
import { readEpoch } from './epoch.ts';

/** What sentinels tell each other through the data nodes, every two seconds each. */
export interface Hello {
  /** the id of the sentinel that says it */
  readonly sentinel: string;
  readonly master: Endpoint;
  /** the config-epoch of that master */
  readonly epoch: Epoch;
}

export const HELLO_CHANNEL = '__sentinel__:hello';

/**
 * Reads `ip,port,runid,current_epoch,name,master_ip,master_port,config_epoch`. Undefined where it is about another master.
 * https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinels-and-replicas-auto-discovery
 */
export function parseHello(message: string, name: string): Hello | undefined {
  const words = message.split(',');
  const [, , sentinel, , about, host, port, word] = words;
  const epoch = readEpoch(word);
  if (words.length !== 8 || about !== name || !sentinel || epoch === undefined) return undefined;
  const master = parseEndpoint(endpointKey({ host: host ?? '', port: Number(port) }), 6379);
  return master && { sentinel, master, epoch };
}

/** Pure: whether it says that the primary we follow has been replaced. */
export function replaces({ master, epoch }: Hello, topology: Topology): boolean {
  const primary = primaryOf(topology);
  const other = primary !== undefined && endpointKey(primary.endpoint) !== endpointKey(master);
  return other && epoch > (topology.epoch ?? -1);
}
