import type { MeterProvider as Api } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
} from '@opentelemetry/sdk-metrics';

type Value = number | { readonly count: number; readonly sum?: number | undefined };

/** OpenTelemetry's own SDK, read by hand. */
export class InMemoryMetrics {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #provider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({ exporter: this.#exporter, exportIntervalMillis: 3_600_000 }),
    ],
  });

  get provider(): Api {
    return this.#provider;
  }

  /** Every point now, by name, with the attributes that tell it from its neighbours. */
  async read(): Promise<Map<string, { value: Value; attributes: object }[]>> {
    this.#exporter.reset();
    await this.#provider.forceFlush();
    const metrics = this.#exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics);
    return new Map(
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        (dataPoints as DataPoint<Value>[]).map(({ value, attributes }) => ({ value, attributes })),
      ]),
    );
  }

  stop(): Promise<void> {
    return this.#provider.shutdown();
  }
}
