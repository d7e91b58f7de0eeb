import { C } from './cells.ts';
import { EPOCH_MINUTE, FIELD, P, PAGE } from './page.ts';
import type { FunctionMinuteRow, FunctionRow, ScoreRow } from './records.ts';
import { HORIZON_MINUTES } from './ring.ts';
import type { Shard } from './shard.ts';
import type { Finding } from './signals/signal.ts';

/** One open window as a stored row. Empties its histogram. */
export function minuteRow(shard: Shard, at: number, slot: number, patch: number): FunctionMinuteRow {
  const { values } = shard.cells;
  const pairs = shard.histograms.takeAll(values[at + C.histogram]!);
  values[at + C.histogram] = 0;
  return {
    fn: shard.keys[slot]!,
    minuteMs: (values[at + C.minute]! + EPOCH_MINUTE) * 60_000,
    patch,
    invocations: values[at + C.n]!,
    errors: values[at + C.err]!,
    timeouts: values[at + C.tmo]!,
    ooms: values[at + C.oom]!,
    coldStarts: values[at + C.cold]!,
    statuses: values[at + C.stat]!,
    accessDenied: values[at + C.acc]!,
    durationUsSum: values[at + C.durationUs]!,
    durationUsMax: values[at + C.durationMaxUs]!,
    durationBuckets: pairs.map(([bucket]) => bucket),
    durationCounts: pairs.map(([, count]) => count),
    billedUsSum: values[at + C.billedUs]!,
    costPicoUsd: values[at + C.costPico]!,
    egressSamples: values[at + C.en]!,
    egressBytes: values[at + C.bytes]!,
    memoryUsedMaxKib: values[at + C.memoryMaxKib]! === 0 ? null : values[at + C.memoryMaxKib]!,
    memorySizeKib: values[at + C.memoryKib]! === 0 ? null : values[at + C.memoryKib]!,
  };
}

export function scoreRow(shard: Shard, slot: number, finding: Finding): ScoreRow {
  return {
    fn: shard.keys[slot]!,
    minuteMs: (shard.view.minute + EPOCH_MINUTE) * 60_000,
    signal: finding.signal,
    horizonMin: HORIZON_MINUTES[finding.horizon]!,
    score: finding.score,
    observed: finding.observed,
    low: finding.low,
    mid: finding.mid,
    high: finding.high,
    samples: finding.support,
  };
}

export function functionRow(shard: Shard, slot: number): FunctionRow {
  const page = slot * PAGE;
  const { pages, words } = shard;
  const ms = (minute: number) => (minute + EPOCH_MINUTE) * 60_000;
  const warmup = shard.options.settings.warmupWindows;
  const fields = words[page + P.fields]!;
  return {
    fn: shard.keys[slot]!,
    firstSeenMs: ms(pages[page + P.firstSeen]!),
    lastSeenMs: ms(pages[page + P.lastSeen]!),
    invocations: pages[page + P.total]!,
    learntWindows: Math.min(warmup, Math.round(pages[page + P.levelMinutes]!)),
    warmupWindows: warmup,
    version: shard.texts.get(words[page + P.version]!) ?? null,
    memorySizeKib: pages[page + P.memoryKib]! === 0 ? null : pages[page + P.memoryKib]!,
    timeoutUs: pages[page + P.timeoutUs]! === 0 ? null : pages[page + P.timeoutUs]!,
    fields: Object.entries(FIELD)
      .filter(([, bit]) => (fields & bit) !== 0)
      .map(([name]) => name),
  };
}
