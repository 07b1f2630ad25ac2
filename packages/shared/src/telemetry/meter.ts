import { wrongSetting } from '../config/read-options.ts';

/**
 * What is used of OpenTelemetry's Meter, so that nothing of it has to be installed or loaded: an app that wants metrics hands
 * its own meter or meter provider in. https://open-telemetry.github.io/opentelemetry-js/interfaces/_opentelemetry_api._opentelemetry_api.Meter.html
 */
export interface MeterLike {
  createHistogram(name: string, options?: InstrumentOptions): HistogramLike;
  createObservableGauge(name: string, options?: InstrumentOptions): ObservableLike;
  createObservableCounter(name: string, options?: InstrumentOptions): ObservableLike;
  createObservableUpDownCounter(name: string, options?: InstrumentOptions): ObservableLike;
}

export interface MeterProviderLike {
  getMeter(name: string, version?: string): MeterLike;
}

export interface InstrumentOptions {
  description?: string;
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

export type Attributes = Record<string, string | number | boolean>;

export interface HistogramLike {
  record(value: number, attributes?: Attributes): void;
}

export interface ObservableLike {
  addCallback(callback: ObserveCallback): void;
  removeCallback(callback: ObserveCallback): void;
}

export type ObserveCallback = (result: {
  observe(value: number, attributes?: Attributes): void;
}) => void | Promise<void>;

/** One instrument that is read when metrics are collected, and costs nothing in between. */
export interface ObservedRow {
  readonly name: string;
  readonly kind: 'gauge' | 'counter' | 'upDownCounter';
  readonly unit: string;
  readonly description: string;
  /** a value, values with attributes of their own, or undefined where there is none now */
  readonly read: () => number | undefined | readonly (readonly [value: number, attributes: Attributes])[];
}

/**
 * The app's meter, or one from its meter provider.
 * @throws HaError HA_CONFIG where it is neither
 */
export function meterOf(given: unknown, name: string): MeterLike | undefined {
  if (given === undefined || given === null) return undefined;
  const { getMeter, createHistogram } = given as Partial<MeterProviderLike & MeterLike>;
  if (typeof getMeter === 'function') return (given as MeterProviderLike).getMeter(name);
  if (typeof createHistogram === 'function') return given as MeterLike;
  throw wrongSetting('option metrics', typeof given, "OpenTelemetry's Meter or MeterProvider");
}

/** Names in use, by meter. */
const namesOf = new WeakMap<MeterLike, Set<string>>();

/**
 * The name under which one pool measures: two of the same name would write over each other's values, so the second is
 * `name-2`. Names that are given back are used again.
 */
export function claimName(meter: MeterLike, wanted: string): { name: string; release: () => void } {
  const names = namesOf.get(meter) ?? new Set<string>();
  namesOf.set(meter, names);
  let name = wanted;
  for (let n = 2; names.has(name); n++) name = `${wanted}-${n}`;
  names.add(name);
  return { name, release: () => void names.delete(name) };
}

/** Has each row read at every collection. @returns the way to stop */
export function observe(meter: MeterLike, rows: readonly ObservedRow[], common: Attributes): () => void {
  const stops = rows.map(({ name, kind, unit, description, read }) => {
    const instrument = create(meter, kind, name, { unit, description });
    const callback: ObserveCallback = (result) => {
      const value = read();
      if (typeof value === 'number') return result.observe(value, common);
      for (const [one, attributes] of value ?? []) result.observe(one, { ...common, ...attributes });
    };
    instrument.addCallback(callback);
    return (): void => instrument.removeCallback(callback);
  });
  return () => {
    for (const stop of stops) stop();
  };
}

function create(
  meter: MeterLike,
  kind: ObservedRow['kind'],
  name: string,
  options: InstrumentOptions,
): ObservableLike {
  if (kind === 'gauge') return meter.createObservableGauge(name, options);
  if (kind === 'counter') return meter.createObservableCounter(name, options);
  return meter.createObservableUpDownCounter(name, options);
}
