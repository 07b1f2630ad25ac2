import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel';
import type { CallTrace } from './call-trace.ts';
import type { DialTrace } from './dial-trace.ts';

/** The diagnostics channels of this package. Nothing is published, and nothing made for it, while nobody has subscribed. */
export const queryChannel: TracingChannel<unknown, CallTrace> = tracingChannel('steadfast:pg:query');
export const transactionChannel: TracingChannel<unknown, CallTrace> =
  tracingChannel('steadfast:pg:transaction');
export const dialChannel: TracingChannel<unknown, DialTrace> = tracingChannel('steadfast:pg:dial');
export const topologyChannel: Channel = channel('steadfast:pg:topology');
