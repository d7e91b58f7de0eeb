import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';
import { REJECT_REASONS } from './metrics-ingest.ts';

function metricsAt(second = 1000) {
  const clock = { second };
  const metrics = createMetrics({ nowMs: () => clock.second * 1000 });
  /** samples of the series that begin so, as `labels → value` */
  const read = async (name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`tripline_${name}`) && !/^#/.test(line));
  return { clock, metrics, read };
}

test('names follow the rules: prefix, a unit or total at the end, counters alone end with _total', async () => {
  const { metrics } = metricsAt();
  const text = await metrics.text();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  const ours = types.filter(({ name }) => name.startsWith('tripline_'));
  expect(ours.length).toBeGreaterThan(30);
  for (const { name, type } of types) expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  for (const [, name = '', help = ''] of text.matchAll(/^# HELP (tripline_\S+) (.*)$/gm))
    expect([name, help]).toEqual([name, expect.stringMatching(/^[A-Z].{15,200}\.$/)]);
});

test('two sets of metrics do not know each other', async () => {
  const [a, b] = [metricsAt(), metricsAt()];
  a.metrics.ingest.rejected('malformed JSON', 3);
  expect(await a.read('ingest_rejects_total')).toEqual(['tripline_ingest_rejects_total{reason="malformed JSON"} 3']);
  expect(await b.read('ingest_rejects_total')).toEqual([]);
});

describe('labels are bounded', () => {
  test('reasons that nobody listed are other', async () => {
    const { metrics, read } = metricsAt();
    for (let i = 0; i < 1000; i++) metrics.ingest.rejected(`reason number ${i}`);
    metrics.ingest.rejected('REPORT with a malformed Billed Duration');
    expect(await read('ingest_rejects_total')).toEqual([
      'tripline_ingest_rejects_total{reason="other"} 1000',
      'tripline_ingest_rejects_total{reason="REPORT with a malformed"} 1',
    ]);
  });

  test('every reason that a parser gives is listed', () => {
    const reasons = sourcesIn('ingest').flatMap((text) =>
      [...text.matchAll(/reject(?:ed|At)?\(\s*(?:event, )?(['"`])(.*?)(?:\1|\$\{)/g)].map(
        ([, , reason = '']) => reason,
      ),
    );
    expect(reasons.length).toBeGreaterThan(20);
    const isListed = (reason: string) => REJECT_REASONS.some((known) => reason.startsWith(known)) || reason === '';
    expect(reasons.filter((reason) => !isListed(reason))).toEqual([]);
  });

  test('a log group is never a label', async () => {
    const { metrics, read } = metricsAt();
    metrics.ingest.read('/aws/lambda/checkout', { events: 1, bytes: 1, fragments: 1 });
    expect(await read('ingest_events_total')).toEqual(['tripline_ingest_events_total{source="other"} 1']);
  });
});

describe('ages and lags grow while nothing happens', () => {
  test('lag of a partition, until it belongs to another worker', async () => {
    const { clock, metrics, read } = metricsAt(1000);
    metrics.detect.assigned([2, 5]);
    expect(await read('detect_lag')).toEqual([]);
    metrics.detect.progress(2, { lagRecords: 7, watermarkMs: 990_000, functions: 10 });
    metrics.detect.progress(5, { lagRecords: 0, watermarkMs: 999_000, functions: 3 });
    metrics.detect.progress(9, { lagRecords: 1, watermarkMs: 1, functions: 1000 });
    clock.second = 1030;
    expect(await read('detect_lag_seconds')).toEqual([
      'tripline_detect_lag_seconds{partition="2"} 40',
      'tripline_detect_lag_seconds{partition="5"} 31',
    ]);
    expect(await read('detect_functions')).toEqual(['tripline_detect_functions 13']);
    metrics.detect.assigned([5]);
    expect(await read('detect_lag')).toEqual([
      'tripline_detect_lag_records{partition="5"} 0',
      'tripline_detect_lag_seconds{partition="5"} 31',
    ]);
    expect(await read('detect_partitions')).toEqual(['tripline_detect_partitions 1']);
    expect(await read('detect_functions')).toEqual(['tripline_detect_functions 3']);
  });

  test('age of a stage is that of the part that waits longest', async () => {
    const { clock, metrics, read } = metricsAt(1000);
    expect(await read('snapshot_age')).toEqual([]);
    metrics.state.loaded('detect', '0');
    metrics.state.loaded('detect', '1');
    clock.second = 1060;
    metrics.state.saved('detect', '1', { bytes: 500, seconds: 0.2 });
    metrics.state.saved('fleet', 'fleet', { bytes: 70, seconds: 0.2 });
    clock.second = 1090;
    expect(await read('snapshot_age')).toEqual([
      'tripline_snapshot_age_seconds{stage="detect"} 90',
      'tripline_snapshot_age_seconds{stage="fleet"} 30',
    ]);
    metrics.state.released('detect', '0');
    metrics.state.released('fleet', 'fleet');
    expect(await read('snapshot_age')).toEqual(['tripline_snapshot_age_seconds{stage="detect"} 30']);
    expect(await read('snapshot_bytes')).toEqual(['tripline_snapshot_bytes{stage="detect"} 500']);
    expect(await read('snapshot_seconds_count')).toEqual(['tripline_snapshot_seconds_count 2']);
  });

  test('rows that the store does not take', async () => {
    const { clock, metrics, read } = metricsAt(1000);
    expect(await read('store_buffered_age')).toEqual(['tripline_store_buffered_age_seconds 0']);
    metrics.store.buffered(10, 995_000);
    clock.second = 1005;
    expect(await read('store_buffered')).toEqual([
      'tripline_store_buffered_bytes 10',
      'tripline_store_buffered_age_seconds 10',
    ]);
    metrics.store.buffered(0, null);
    expect(await read('store_buffered_age')).toEqual(['tripline_store_buffered_age_seconds 0']);
  });

  test('the fleet stage is told of where it is, and nowhere else', async () => {
    const { clock, metrics, read } = metricsAt(1000);
    expect(await read('fleet_')).toEqual([]);
    metrics.fleet.progress({ watermarkMs: 940_000, waitingPartitions: 2 });
    clock.second = 1001;
    expect(await read('fleet_')).toEqual(['tripline_fleet_lag_seconds 61', 'tripline_fleet_waiting_partitions 2']);
    metrics.fleet.released();
    expect(await read('fleet_')).toEqual([]);
  });

  test('the watermark of the sources is a time, and absent before the first event', async () => {
    const { metrics, read } = metricsAt();
    expect(await read('ingest_watermark')).toEqual([]);
    metrics.ingest.watermark(1_700_000_000_500);
    expect(await read('ingest_watermark')).toEqual(['tripline_ingest_watermark_seconds 1700000000.5']);
  });
});

test('what alerts watch for begins at 0, so that the first increase is one', async () => {
  const { metrics, read } = metricsAt();
  metrics.notify.destination('ops');
  expect(await read('notify_deliveries')).toContain(
    'tripline_notify_deliveries_total{destination="ops",result="dead"} 0',
  );
  expect(await read('snapshot_failures')).toContain('tripline_snapshot_failures_total{reason="DISK_FULL"} 0');
  expect(await read('detect_late')).toContain('tripline_detect_late_total{kind="too_late"} 0');
  expect(await read('store_dead_rows')).toEqual(['tripline_store_dead_rows_total 0']);
});

test('a batch adds up', async () => {
  const { metrics } = metricsAt();
  const batch = { invocations: 10, windows: 4, duplicates: 2, late: 1, tooLate: 3, evictedFunctions: 5, seconds: 0.02 };
  metrics.detect.stepped(batch);
  metrics.detect.stepped(batch);
  metrics.detect.poisoned();
  metrics.bus.published('fragments', { records: 3, bytes: 900 });
  metrics.bus.retried('alerts');
  metrics.alerts.said({ event: 'opened', severity: 'critical' });
  metrics.alerts.latency(0.7);
  metrics.notify.attempted('ops', 'retried');
  metrics.notify.attempted('ops', 'delivered');
  metrics.notify.delivered('ops', 1.5);
  metrics.notify.queued('ops', 2);
  metrics.store.stored('scores', 7);
  metrics.store.retried();
  metrics.store.dead(4);
  metrics.state.failed('DISK_FULL');
  metrics.state.failed('what nobody listed');
  metrics.ingest.sources(3);
  const text = await metrics.text();
  for (const line of [
    'detect_invocations_total 20',
    'detect_windows_total 8',
    'detect_duplicates_total 4',
    'detect_late_total{kind="late"} 2',
    'detect_late_total{kind="too_late"} 6',
    'detect_evicted_functions_total 10',
    'detect_poison_records_total 1',
    'detect_step_seconds_count 2',
    'bus_published_records_total{topic="fragments"} 3',
    'bus_published_bytes_total{topic="fragments"} 900',
    'bus_retries_total{topic="alerts"} 1',
    'alert_events_total{event="opened",severity="critical"} 1',
    'alert_latency_seconds_bucket{le="1"} 1',
    'notify_deliveries_total{destination="ops",result="retried"} 1',
    'notify_deliveries_total{destination="ops",result="delivered"} 1',
    'notify_latency_seconds_sum{destination="ops"} 1.5',
    'notify_queue{destination="ops"} 2',
    'store_rows_total{table="scores"} 7',
    'store_retries_total 1',
    'store_dead_rows_total 4',
    'snapshot_failures_total{reason="DISK_FULL"} 1',
    'snapshot_failures_total{reason="other"} 1',
    'ingest_sources 3',
  ])
    expect(text).toContain(`\ntripline_${line}\n`);
});

/** the text of all sources below a folder, tests left out */
function sourcesIn(folder: string): string[] {
  const root = new URL(`../${folder}`, import.meta.url).pathname;
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'));
}
