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

/** What becomes of notices on their way to destinations. Those of the configuration begin at 0, so that a first failure shows. */
export function notifyMetrics(make: Instruments, nowMs: () => number) {
  const waitingSince = new Map<string, number | null>();
  const deliveriesHelp = 'Attempts to deliver a notice, by how they ended; dead = given up and kept as a dead letter.';
  const deliveries = make.counter('notify_deliveries_total', deliveriesHelp, ['destination', 'result']);
  const latencyHelp = 'From the first attempt to deliver a notice to the end of the last, pauses included.';
  const latency = make.histogram('notify_latency_seconds', latencyHelp, DELIVERY_BUCKETS, ['destination']);
  const queueHelp = 'Records of the outbox that a destination has not handled yet; not all of them need name it.';
  const queue = make.gauge('notify_queue', queueHelp, ['destination']);
  const ageHelp = 'How long the notice that a destination is being tried with has been tried; 0 = none is.';
  make.gauge('notify_oldest_age_seconds', ageHelp, ['destination'], (gauge) => {
    for (const [destination, sinceMs] of waitingSince)
      gauge.set({ destination }, sinceMs === null ? 0 : Math.max(0, (nowMs() - sinceMs) / 1000));
  });
  const upHelp = 'Whether a destination takes notices: 1, 0 after several failures in a row or until somebody acts.';
  const up = make.gauge('notify_up', upHelp, ['destination']);
  const deadHelp = 'Dead letters of a destination that are kept, to be sent again.';
  const dead = make.gauge('notify_dead_letters', deadHelp, ['destination']);
  const unloggedHelp = 'Rows of the delivery log that were dropped, for the store was away for too long.';
  const unlogged = make.counter('notify_unlogged_total', unloggedHelp, ['destination']);
  const pings = make.counter('heartbeat_pings_total', 'Pings of the heartbeat, by how they ended.', ['result']);
  return {
    /** Names a destination of the configuration. */
    destination(destination: string) {
      for (const result of DELIVERY_RESULTS) deliveries.inc({ destination, result }, 0);
      for (const gauge of [queue, dead]) gauge.set({ destination }, 0);
      up.set({ destination }, 1);
      unlogged.inc({ destination }, 0);
      waitingSince.set(destination, null);
    },
    attempted: (destination: string, result: DeliveryResult): void => deliveries.inc({ destination, result }),
    delivered: (destination: string, seconds: number): void => latency.observe({ destination }, seconds),
    queued: (destination: string, count: number): void => queue.set({ destination }, count),
    /** @param sinceMs wall clock of the first attempt with what is tried now; null = nothing is */
    trying: (destination: string, sinceMs: number | null): void => void waitingSince.set(destination, sinceMs),
    isUp: (destination: string, isUp: boolean): void => up.set({ destination }, isUp ? 1 : 0),
    deadLetters: (destination: string, count: number): void => dead.set({ destination }, count),
    unlogged: (destination: string, count: number): void => unlogged.inc({ destination }, count),
    pinged: (result: 'answered' | 'failed' | 'withheld'): void => pings.inc({ result }),
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
