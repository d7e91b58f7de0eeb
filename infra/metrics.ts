import { collectDefaultMetrics, Registry } from 'prom-client';
import { Instruments } from './metric-instruments.ts';
import { cloudWatchMetrics } from './metrics-cloudwatch.ts';
import { detectMetrics, fleetMetrics, stateMetrics } from './metrics-detect.ts';
import { busMetrics, ingestMetrics } from './metrics-ingest.ts';
import { alertMetrics, notifyMetrics, storeMetrics } from './metrics-output.ts';

/** Gauges of Node's that are named like counters; the same figures stand by type in series without the suffix. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export interface MetricsOptions {
  /** of this program, for `tripline_build_info` */
  readonly version?: string;
  /** wall clock, ms since 1970: ages and lags are measured against it at every scrape */
  readonly nowMs?: () => number;
}

/**
 * The instruments of this process, by the part that writes them; one registry, no globals. Every call adds or sets a
 * number (< 1 µs): make it once a batch, not once an event. Ages and lags are computed when they are read, so they grow
 * while a part stands still. Labels come from bounded sets; functions, accounts and log groups are never labels.
 */
export function createMetrics({ version = 'unknown', nowMs = Date.now }: MetricsOptions = {}) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const make = new Instruments(registry);
  make.gauge('build_info', 'Always 1; the version of this program.', ['version']).set({ version }, 1);
  return {
    ingest: ingestMetrics(make),
    cloudwatch: cloudWatchMetrics(make),
    bus: busMetrics(make),
    detect: detectMetrics(make, nowMs),
    state: stateMetrics(make, nowMs),
    fleet: fleetMetrics(make, nowMs),
    alerts: alertMetrics(make),
    notify: notifyMetrics(make, nowMs),
    store: storeMetrics(make, nowMs),
    /** all of it in Prometheus' text format 0.0.4 */
    text: (): Promise<string> => registry.metrics(),
    /** names of all series, `tripline_` and the process's */
    names: (): string[] => registry.getMetricsAsArray().map(({ name }) => name),
    contentType: registry.contentType,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
