import type { QueryConfig } from 'pg';
import { HaClient } from './ha-client.ts';
import { renamed } from './renamed.ts';

/**
 * A client whose statements have no names: behind a pooler the next one may run on another server session, which has never
 * heard of a statement prepared on this one. Without its name a statement is prepared anew each time and does the same.
 */
export class PoolerClient extends HaClient {
  override query(...args: unknown[]): never {
    const [config, ...rest] = args;
    return super.query(isNamed(config) ? unnamed(config) : config, ...rest);
  }
}

function isNamed(config: unknown): config is { name: unknown; submit?: unknown } {
  return typeof config === 'object' && config !== null && Boolean((config as { name?: unknown }).name);
}

/** A config without its name, which leaves the app's own as it is; a Submittable is run itself, and loses it. */
function unnamed(config: { name: unknown; submit?: unknown }): object {
  if (typeof config.submit !== 'function') return renamed(config as unknown as QueryConfig, undefined);
  config.name = undefined;
  return config;
}
