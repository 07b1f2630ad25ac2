import type { ObserverEvent } from '@steadfast/lab';

/** An observer's event in words, or undefined where this run has no use for it. */
export function describeEvent(event: ObserverEvent, strategy: string): string | undefined {
  switch (event.kind) {
    case 'pg-writable':
      return `${event.member} takes writes (PostgreSQL, timeline ${event.timeline})`;
    case 'pg-not-writable':
      return `${event.member} takes no writes any more (PostgreSQL)`;
    case 'redis-writable':
      return `${event.member} takes writes (Redis)`;
    case 'redis-not-writable':
      return `${event.member} takes no writes any more (Redis)`;
    case 'sentinel-names':
      return `${event.votes} of the Sentinels name ${event.member} (Redis, epoch ${event.configEpoch})`;
    case 'haproxy-routes':
      return strategy === 'haproxy' ? `HAProxy routes to ${event.member}` : undefined;
    case 'haproxy-down':
      return strategy === 'haproxy' ? 'HAProxy routes to nobody' : undefined;
    case 'dns-says':
      return undefined;
  }
}
