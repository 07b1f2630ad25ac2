import type { DnsFailure } from '../dns/dns-server.ts';
import type { LinkBehaviour, LinkStats } from '../types.ts';

export type Which = 'postgres' | 'redis';
export interface Endpoint {
  host: string;
  port: number;
}

/** What the supervisor does on request, over its socket: one JSON line asks, one answers. */
export interface SupervisorCalls {
  ping: { args: []; result: { pid: number } };
  stop: { args: []; result: void };
  /** Names answered now, and by whom the managed hostnames stand. */
  dnsSays: { args: [which: Which]; result: { ip: string | undefined; queries: number } };
  /** Points a managed hostname at a host until `dnsRelease`, whatever is promoted meanwhile. */
  dnsPin: { args: [which: Which, hostName: string]; result: void };
  dnsRelease: { args: [which: Which]; result: void };
  dnsHold: { args: [held: boolean]; result: void };
  dnsFail: { args: [mode: DnsFailure]; result: void };
  proxyCreate: { args: [target: Endpoint]; result: { proxy: number; endpoint: Endpoint } };
  proxySet: { args: [proxy: number, behaviour: LinkBehaviour]; result: void };
  proxyReset: { args: [proxy: number]; result: void };
  /** The pattern in base64, since bytes do not pass in JSON. */
  proxyCutAfter: {
    args: [proxy: number, pattern: string, options: { dropAnswer?: boolean; count?: number }];
    result: void;
  };
  proxyStats: { args: [proxy: number]; result: LinkStats };
  proxyClose: { args: [proxy: number]; result: void };
  /** Opens idle connections to a PostgreSQL member until it refuses one; `release` closes them. */
  connectionsHold: { args: [hostName: string]; result: { held: number; refusedBy: string } };
  connectionsRelease: { args: []; result: { released: number } };
}

export type SupervisorCall = keyof SupervisorCalls;
export interface SupervisorRequest {
  id: number;
  call: SupervisorCall;
  args: unknown[];
}
export type SupervisorReply = { id: number; result?: unknown } | { id: number; error: string };
