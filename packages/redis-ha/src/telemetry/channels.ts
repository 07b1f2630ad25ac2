import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel';
import type { DialTrace } from './dial-trace.ts';
import type { OnceTrace } from './once-trace.ts';

/** The diagnostics channels of this package. Nothing is published, and nothing made for it, while nobody has subscribed. */
export const commandChannel: Channel = channel('steadfast:redis:command');
export const onceChannel: TracingChannel<unknown, OnceTrace> = tracingChannel('steadfast:redis:once');
export const dialChannel: TracingChannel<unknown, DialTrace> = tracingChannel('steadfast:redis:dial');
export const topologyChannel: Channel = channel('steadfast:redis:topology');
