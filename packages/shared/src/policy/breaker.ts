import CircuitBreaker from 'opossum';
import { HaError } from '../errors/ha-error.ts';

/** Fails work fast while a long outage lasts. */
export interface Breaker {
  readonly open: boolean;
  /** Runs `work`, or rejects at once with HA_CIRCUIT_OPEN. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Something was discovered: let work through now, whatever the timer says. */
  close(): void;
  /** Ends its timers. */
  shutdown(): void;
}

export interface BreakerOptions {
  /** what is broken when it opens, for messages */
  name: string;
  /** failures within 10 s that open it (at least half of the tries must have failed) */
  threshold: number;
  /** after so long one call is let through to see, ms */
  resetMs: number;
  /** whether a failure counts; one that says nothing about the servers (a caller's own abort) must not */
  counts: (error: unknown) => boolean;
  /** hears when it opens and when it closes */
  changed?: (open: boolean) => void;
}

type Work = () => Promise<unknown>;

/**
 * opossum behind our interface. Its own timeout is off: it would reject without ending the work.
 * https://github.com/nodeshift/opossum#options
 */
export function opossumBreaker(options: BreakerOptions): Breaker {
  const breaker: CircuitBreaker<[Work], unknown> = new CircuitBreaker<[Work], unknown>(
    (work: Work) => work(),
    {
      name: options.name,
      timeout: false,
      volumeThreshold: options.threshold,
      errorThresholdPercentage: 50,
      resetTimeout: options.resetMs,
      rollingCountTimeout: 10_000,
      // What is filtered out is a success to opossum, and one success closes a breaker that tries whether it may.
      errorFilter: (error: unknown) => !options.counts(error) && !breaker.halfOpen,
      enableSnapshots: false,
    },
  );
  breaker.on('open', () => options.changed?.(true));
  breaker.on('close', () => options.changed?.(false));
  return {
    get open() {
      return breaker.opened;
    },
    async run<T>(work: () => Promise<T>): Promise<T> {
      if (breaker.opened) throw circuitOpen(options.name);
      try {
        return (await breaker.fire(work)) as T;
      } catch (error) {
        if ((error as { code?: string }).code === 'EOPENBREAKER') throw circuitOpen(options.name);
        throw error;
      }
    },
    close: () => breaker.close(),
    shutdown: () => breaker.shutdown(),
  };
}

function circuitOpen(name: string): HaError {
  const message = `${name}: the outage has lasted long, calls fail at once until a primary is seen`;
  return new HaError('HA_CIRCUIT_OPEN', message, { outcome: 'notSent' });
}
