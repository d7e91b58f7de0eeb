import { bounded, type Instruments } from './metric-instruments.ts';
import type { StorageCode } from './storage-error.ts';

/** From a batch of one block in memory to one that waited for a flush. */
const STEP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SNAPSHOT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const FAILURES: readonly StorageCode[] = ['DISK_FULL', 'CORRUPT', 'NEWER_VERSION', 'LOCKED', 'FENCED', 'CLOSED'];
const failureOf = bounded(FAILURES);

/** What a batch of one partition came to, as counts. */
export interface DetectBatch {
  readonly invocations: number;
  /** minute windows graded */
  readonly windows: number;
  readonly duplicates: number;
  /** pieces that came after their minute was graded, and still corrected it */
  readonly late: number;
  /** pieces that came too late to correct anything */
  readonly tooLate: number;
  /** functions forgotten to make room, by least use */
  readonly evictedFunctions: number;
  /** how long the engine took for it */
  readonly seconds: number;
}

export function detectMetrics(make: Instruments, nowMs: () => number) {
  const invocations = make.counter('detect_invocations_total', 'Invocations counted in windows.');
  const windows = make.counter('detect_windows_total', 'Windows of one function and minute that were graded.');
  const duplicates = make.counter('detect_duplicates_total', 'Fragments dropped because they had been read before.');
  const late = make.counter(
    'detect_late_total',
    'Fragments behind their graded window, by whether they still counted.',
    ['kind'],
  );
  const evicted = make.counter(
    'detect_evicted_functions_total',
    'Functions forgotten to make room, the least used first.',
  );
  const steps = make.histogram(
    'detect_step_seconds',
    'Time that the engine took for a batch of one partition.',
    STEP_BUCKETS,
  );
  const poison = make.counter(
    'detect_poison_records_total',
    'Records of the bus that could not be read and were set aside.',
  );
  for (const kind of ['late', 'too_late']) late.inc({ kind }, 0); // a series that begins at 0 shows its first increase
  const partitions = partitionGauges(make, nowMs);
  return {
    stepped(batch: DetectBatch) {
      invocations.inc(batch.invocations);
      windows.inc(batch.windows);
      duplicates.inc(batch.duplicates);
      late.inc({ kind: 'late' }, batch.late);
      late.inc({ kind: 'too_late' }, batch.tooLate);
      evicted.inc(batch.evictedFunctions);
      steps.observe(batch.seconds);
    },
    poisoned: (count = 1): void => poison.inc(count),
    ...partitions,
  };
}

interface PartitionState {
  lagRecords: number | null;
  watermarkMs: number | null;
  functions: number;
}

/** Gauges of the partitions that this worker has. Those of a partition that left are gone with it: it counts elsewhere. */
function partitionGauges(make: Instruments, nowMs: () => number) {
  const held = new Map<number, PartitionState>();
  const each = (of: (state: PartitionState) => number | null) =>
    [...held].flatMap(([partition, state]) => {
      const value = of(state);
      return value === null ? [] : [{ partition: String(partition), value }];
    });
  make.gauge('detect_lag_records', 'Records of the partition that are not read yet.', ['partition'], (gauge) => {
    gauge.reset();
    for (const { partition, value } of each((it) => it.lagRecords)) gauge.set({ partition }, value);
  });
  const lagHelp =
    'How far the watermark of the partition is behind the clock: the age in event time of what is being judged.';
  make.gauge('detect_lag_seconds', lagHelp, ['partition'], (gauge) => {
    gauge.reset();
    for (const { partition, value } of each((it) => it.watermarkMs)) gauge.set({ partition }, (nowMs() - value) / 1000);
  });
  make.gauge('detect_functions', 'Functions in the memory of this worker.', [], (gauge) => {
    gauge.set([...held.values()].reduce((sum, { functions }) => sum + functions, 0));
  });
  make.gauge('detect_partitions', 'Partitions that this worker has.', [], (gauge) => gauge.set(held.size));
  return {
    /** all partitions that this worker has from now on, as the bus says it */
    assigned(partitions: readonly number[]) {
      for (const partition of held.keys()) if (!partitions.includes(partition)) held.delete(partition);
      for (const partition of partitions)
        if (!held.has(partition)) held.set(partition, { lagRecords: null, watermarkMs: null, functions: 0 });
    },
    /** where a partition stands after a batch; one that is not assigned (any more) is ignored */
    progress(partition: number, state: Readonly<Partial<PartitionState>>) {
      const known = held.get(partition);
      if (known !== undefined) Object.assign(known, state);
    },
  };
}

export type Stage = 'ingest' | 'detect' | 'fleet' | 'notify';

export function stateMetrics(make: Instruments, nowMs: () => number) {
  const parts = new Map<Stage, Map<string, { savedMs: number; bytes: number }>>();
  const partsOf = (stage: Stage) => {
    const known = parts.get(stage) ?? new Map<string, { savedMs: number; bytes: number }>();
    parts.set(stage, known);
    return known;
  };
  const ageHelp =
    'Time since the newest snapshot, or since the state was loaded where none was saved yet; of the part of the stage that waits longest.';
  make.gauge('snapshot_age_seconds', ageHelp, ['stage'], (gauge) => {
    gauge.reset();
    for (const [stage, known] of parts) {
      const oldestMs = Math.min(...[...known.values()].map(({ savedMs }) => savedMs));
      if (known.size > 0) gauge.set({ stage }, (nowMs() - oldestMs) / 1000);
    }
  });
  const bytesHelp =
    'Bytes written by the newest snapshots of the parts of the stage, together: bases or deltas, as they were.';
  make.gauge('snapshot_bytes', bytesHelp, ['stage'], (gauge) => {
    gauge.reset();
    for (const [stage, known] of parts)
      if (known.size > 0)
        gauge.set(
          { stage },
          [...known.values()].reduce((sum, { bytes }) => sum + bytes, 0),
        );
  });
  const seconds = make.histogram(
    'snapshot_seconds',
    'Time from the state being complete to its snapshot being safe.',
    SNAPSHOT_BUCKETS,
  );
  const failures = make.counter('snapshot_failures_total', 'Snapshots that could not be saved; the one before stays.', [
    'reason',
  ]);
  for (const reason of [...FAILURES, 'other']) failures.inc({ reason }, 0);
  return {
    /** This process holds the state of `part` (a partition, say) from now on. */
    loaded: (stage: Stage, part: string): unknown => partsOf(stage).set(part, { savedMs: nowMs(), bytes: 0 }),
    saved(stage: Stage, part: string, snapshot: { readonly bytes: number; readonly seconds: number }) {
      partsOf(stage).set(part, { savedMs: nowMs(), bytes: snapshot.bytes });
      seconds.observe(snapshot.seconds);
    },
    /** @param reason a code of StorageError */
    failed: (reason: string): void => failures.inc({ reason: failureOf(reason) }),
    /** The part belongs to another process now. */
    released: (stage: Stage, part: string): unknown => partsOf(stage).delete(part),
  };
}

export function fleetMetrics(make: Instruments, nowMs: () => number) {
  let watermarkMs: number | null = null;
  let waiting: number | null = null;
  const lagHelp = 'How far the fleet stage is behind the clock, in event time; absent where another worker hosts it.';
  make.gauge('fleet_lag_seconds', lagHelp, [], (gauge) => {
    if (watermarkMs === null) gauge.remove();
    else gauge.set((nowMs() - watermarkMs) / 1000);
  });
  const waitingHelp = 'Partitions whose verdicts the fleet stage waits for; absent where another worker hosts it.';
  make.gauge('fleet_waiting_partitions', waitingHelp, [], (gauge) => {
    if (waiting === null) gauge.remove();
    else gauge.set(waiting);
  });
  return {
    progress(state: { readonly watermarkMs: number; readonly waitingPartitions: number }) {
      watermarkMs = state.watermarkMs;
      waiting = state.waitingPartitions;
    },
    /** The fleet stage is another worker's. */
    released() {
      watermarkMs = null;
      waiting = null;
    },
  };
}
