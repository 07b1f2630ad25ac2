import type { LinkBehaviour } from '../types.ts';
import type { CutOptions } from './cut-rule.ts';
import type { ProxyOptions, ProxyStats } from './proxy-server.ts';

/** What can be asked of a proxy process, with what it answers. Proxies are told apart by number. */
export interface ProxyCalls {
  create: { args: [options: ProxyOptions]; result: { proxy: number; host: string; port: number } };
  set: { args: [proxy: number, change: LinkBehaviour]; result: void };
  reset: { args: [proxy: number]; result: void };
  cutAfter: { args: [proxy: number, pattern: string | Uint8Array, options: CutOptions]; result: void };
  clearCuts: { args: [proxy: number]; result: void };
  stats: { args: [proxy: number]; result: ProxyStats };
  close: { args: [proxy: number]; result: void };
}

export type ProxyCall = keyof ProxyCalls;

export interface ProxyRequest {
  id: number;
  call: ProxyCall;
  args: unknown[];
}

export type ProxyReply = { id: number; result: unknown } | { id: number; error: string };
