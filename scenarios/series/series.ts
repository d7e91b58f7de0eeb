import { Random } from '../random.ts';
import { DAY_MS, MINUTE_MS } from '../rhythm.ts';
import { plantAnomalies, type SeriesLabel } from './anomalies.ts';
import { drawShape, type ShapeName } from './shapes.ts';

/** One simulated metric of one-minute rows; rows may be missing. */
export interface MetricSeries {
  readonly name: string;
  readonly shape: ShapeName;
  /** Unix ms of each row, rising */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** what a person would mark, by onset; windows do not overlap */
  readonly labels: readonly SeriesLabel[];
}

/** One in so many series is given in other units: standardised, or multiplied by an odd factor. */
const UNITS_SHARE = 0.3;
/** Twenty-four in turn: well-behaved series are the most, as in any company. */
const TURNS: readonly ShapeName[] = [
  ...['requests', 'smooth', 'latency', 'requests-small', 'gauge', 'uneven', 'requests', 'errors'],
  ...['latency', 'smooth', 'batch', 'requests', 'uneven', 'success', 'latency-spiky', 'smooth'],
  ...['steps', 'requests', 'latency', 'sawtooth', 'gauge', 'smooth', 'requests-small', 'errors'],
] as readonly ShapeName[];
const START_MS = Date.UTC(2026, 2, 2);

/** Rows that a collector loses: single ones, and holes of about an hour. */
function keptRows(random: Random, rows: number): Uint8Array {
  const kept = new Uint8Array(rows).fill(1);
  const lossShare = random.chance(0.5) ? 0 : random.logBetween(1e-4, 2e-2);
  for (let i = 0; i < rows; i++) if (random.chance(lossShare)) kept[i] = 0;
  const holes = random.chance(0.6) ? 0 : random.integer(1, 4);
  for (let hole = 0; hole < holes; hole++) {
    const from = random.integer(0, rows - 1);
    kept.fill(0, from, Math.min(rows, from + 1 + Math.floor(random.exponential(60))));
  }
  return kept;
}

function inOtherUnits(random: Random, values: Float64Array): void {
  if (!random.chance(UNITS_SHARE)) return;
  const mean = values.reduce((sum, it) => sum + it, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, it) => sum + (it - mean) ** 2, 0) / values.length) || 1;
  const standardised = random.chance(0.5);
  const factor = standardised ? 1 / spread : random.logBetween(1e-4, 1e4);
  const offset = standardised ? mean : 0;
  for (let i = 0; i < values.length; i++) values[i] = ((values[i] ?? 0) - offset) * factor;
}

/** The series number `index` of a seed: the same arguments give the same series. About 0.3 µs a row. */
export function generateSeries(seed: number, index: number, days: number): MetricSeries {
  const random = new Random('series', seed, index);
  const shape = TURNS[index % TURNS.length] as ShapeName;
  const rows = Math.round((days * DAY_MS) / MINUTE_MS);
  const startMs = START_MS + random.integer(0, 13) * DAY_MS + random.integer(0, 1439) * MINUTE_MS;
  const drawn = drawShape(shape, random, rows, startMs);
  const planted = plantAnomalies(random, drawn);
  inOtherUnits(random, drawn.values);
  const kept = keptRows(random, rows);
  const places = Array.from(kept.keys()).filter((row) => kept[row] === 1);
  return {
    name: `${shape}-${seed}-${index}`,
    shape,
    timesMs: Float64Array.from(places, (row) => startMs + row * MINUTE_MS),
    values: Float64Array.from(places, (row) => drawn.values[row] ?? 0),
    labels: planted.map((it) => ({
      kind: it.kind,
      size: it.size,
      fromMs: startMs + it.fromRow * MINUTE_MS,
      toMs: startMs + it.toRow * MINUTE_MS,
    })),
  };
}
