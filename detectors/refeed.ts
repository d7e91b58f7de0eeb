import { C } from './cells.ts';
import type { Engine } from './engine.ts';
import { log2OfKib } from './keys.ts';
import { cellAt } from './open-windows.ts';
import { P, PAGE } from './page.ts';
import type { FunctionMinuteRow } from './records.ts';

/**
 * Puts one stored window back as an open one, to be graded, judged and learnt like any other at the next ticks: so that
 * training sees what detection would have seen. Rows must come in the order of their minutes. What the store does not
 * keep of a window is filled in: logs of durations by the middles of their buckets (a twelfth of an octave off at
 * most), logs of bytes by their mean, memory by its largest value.
 */
export function refeed(engine: Engine, row: FunctionMinuteRow): void {
  const { shard, slot } = engine.host(row.fn);
  const at = cellAt(shard, slot, row.minuteMs);
  const { values } = shard.cells;
  const page = slot * PAGE;
  values[at + C.n] = row.invocations;
  values[at + C.err] = row.errors;
  values[at + C.tmo] = row.timeouts;
  values[at + C.oom] = row.ooms;
  values[at + C.cold] = row.coldStarts;
  values[at + C.stat] = row.statuses;
  values[at + C.acc] = row.accessDenied;
  values[at + C.costPico] = row.costPicoUsd;
  addDurations(values, at, row, shard.pages[page + P.slowBar]!);
  if (row.egressSamples > 0) {
    const log = Math.log2(1 + row.egressBytes / row.egressSamples);
    values[at + C.en] = row.egressSamples;
    values[at + C.es] = row.egressSamples * log;
    values[at + C.ess] = row.egressSamples * log * log;
    values[at + C.bytes] = row.egressBytes;
  }
  if (row.memoryUsedMaxKib !== null) {
    values[at + C.mn] = row.invocations;
    values[at + C.ms] = row.invocations * log2OfKib(row.memoryUsedMaxKib);
    values[at + C.memoryMaxKib] = row.memoryUsedMaxKib;
  }
  if (row.memorySizeKib !== null) {
    values[at + C.memoryKib] = row.memorySizeKib;
    shard.pages[page + P.memoryKib] = row.memorySizeKib;
  }
}

/** The histogram holds every attempt with a duration; cold ones and timeouts, another population, leave it by share. */
function addDurations(values: Float64Array, at: number, row: FunctionMinuteRow, slowBar: number): void {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let slow = 0;
  for (const [i, bucket] of row.durationBuckets.entries()) {
    const log = (bucket + 0.5) / 8;
    const n = row.durationCounts[i]!;
    count += n;
    sum += n * log;
    squares += n * log * log;
    if (log > slowBar) slow += n;
  }
  if (count === 0) return;
  const warm = Math.max(0, count - row.coldStarts - row.timeouts);
  values[at + C.dn] = warm;
  values[at + C.ds] = (sum * warm) / count;
  values[at + C.dss] = (squares * warm) / count;
  values[at + C.tail] = Math.min(warm, Math.max(0, slow - row.timeouts));
  values[at + C.durationUs] = row.durationUsSum;
  values[at + C.durationMaxUs] = row.durationUsMax;
}
