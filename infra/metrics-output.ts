import type { AlertEvent } from '../alerts/event.ts';
import type { Instruments } from './metric-instruments.ts';

/** Early firing says a thing within a second; what persists needs minutes. */
const ALERT_BUCKETS = [0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900];
const DELIVERY_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function alertMetrics(make: Instruments) {
  const events = make.counter('alert_events_total', 'Alert events said, by what happened and how severe.', [
    'event',
    'severity',
  ]);
  const latencyHelp = 'From the event time of what crossed the bar to the alert being published.';
  const latency = make.histogram('alert_latency_seconds', latencyHelp, ALERT_BUCKETS);
  return {
    said: ({ event, severity }: Pick<AlertEvent, 'event' | 'severity'>): void => events.inc({ event, severity }),
    latency: (seconds: number): void => latency.observe(seconds),
  };
}

const DELIVERY_RESULTS = ['delivered', 'retried', 'dead'] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

export function notifyMetrics(make: Instruments) {
  const deliveriesHelp =
    'Attempts to deliver an alert event, by how they ended; dead = given up and kept as a dead letter.';
  const deliveries = make.counter('notify_deliveries_total', deliveriesHelp, ['destination', 'result']);
  const latencyHelp = 'From an alert event being published to its delivery, waiting and retries included.';
  const latency = make.histogram('notify_latency_seconds', latencyHelp, DELIVERY_BUCKETS, ['destination']);
  const queue = make.gauge('notify_queue', 'Alert events that wait for a destination.');
  return {
    /** Names a destination of the configuration: series that begin at 0 show their first increase. */
    destination(destination: string) {
      for (const result of DELIVERY_RESULTS) deliveries.inc({ destination, result }, 0);
    },
    attempted: (destination: string, result: DeliveryResult): void => deliveries.inc({ destination, result }),
    delivered: (destination: string, seconds: number): void => latency.observe({ destination }, seconds),
    queued: (count: number): void => queue.set(count),
  };
}

export function storeMetrics(make: Instruments, nowMs: () => number) {
  let oldestMs: number | null = null;
  const bytes = make.gauge('store_buffered_bytes', 'Bytes of rows that the store has not taken yet.');
  const ageHelp = 'How long the oldest row that the store has not taken yet has waited.';
  make.gauge('store_buffered_age_seconds', ageHelp, [], (gauge) => {
    gauge.set(oldestMs === null ? 0 : (nowMs() - oldestMs) / 1000);
  });
  const rows = make.counter(
    'store_rows_total',
    'Rows that the store has taken, by table; a repeated row counts again.',
    ['table'],
  );
  const retries = make.counter('store_retries_total', 'Inserts that were repeated after a failure.');
  const dead = make.counter('store_dead_rows_total', 'Rows that the store refuses for good and that were set aside.');
  return {
    /** @param sinceMs wall clock when the oldest of them was buffered; null where nothing is */
    buffered(size: number, sinceMs: number | null) {
      bytes.set(size);
      oldestMs = sinceMs;
    },
    stored: (table: string, count: number): void => rows.inc({ table }, count),
    retried: (count = 1): void => retries.inc(count),
    dead: (count: number): void => dead.inc(count),
  };
}
