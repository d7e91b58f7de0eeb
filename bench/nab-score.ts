import type { Random } from '../scenarios/random.ts';

/**
 * The scoring of the Numenta Anomaly Benchmark, version 1.1 (Lavin & Ahmad 2015), written from its published rules:
 * within a window only the best detection counts, worth more the earlier it is; a detection outside costs, less so right
 * after a window; one threshold for all files.
 */
export interface Profile {
  readonly name: string;
  readonly missWeight: number;
  readonly falseWeight: number;
}

export const PROFILES: readonly Profile[] = [
  { name: 'standard', missWeight: 1, falseWeight: 0.11 },
  { name: 'low FP', missWeight: 1, falseWeight: 0.22 },
  { name: 'low FN', missWeight: 2, falseWeight: 0.11 },
];

export interface ScoredFile {
  /** `category/file.csv` */
  readonly name: string;
  readonly timesMs: readonly number[];
  readonly scores: readonly number[];
  /** first and last moment of each, as labelled */
  readonly windows: readonly (readonly [number, number])[];
}

/** A row that counts: which file, its score, what a detection is worth there, and in which window it lies (−1 = none). */
interface Point {
  readonly file: number;
  readonly score: number;
  readonly worth: number;
  readonly window: number;
}

export interface NabScore {
  readonly profile: string;
  readonly score: number;
  readonly threshold: number;
  readonly windowsHit: number;
  readonly windows: number;
  readonly falseRows: number;
}

const PROBATION_SHARE = 0.15;
const PROBATION_MOST_ROWS = 750;

function sigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

/** @throws {RangeError} when a window begins or ends at a time that the file does not have */
function pointsOf(file: ScoredFile, index: number, firstWindow: number): Point[] {
  const rowAt = new Map<number, number>();
  for (const [row, ms] of file.timesMs.entries()) if (!rowAt.has(ms)) rowAt.set(ms, row);
  const spans = file.windows.map(([from, to]) => [rowAt.get(from), rowAt.get(to)] as const);
  if (spans.flat().includes(undefined)) {
    throw new RangeError(`${file.name}: a labelled window has a time that is not in the file`);
  }
  const rows = file.timesMs.length;
  const skipped = Math.min(Math.floor(PROBATION_SHARE * rows), PROBATION_MOST_ROWS);
  const points: Point[] = [];
  let next = 0;
  for (let row = 0; row < rows; row++) {
    while (next < spans.length && row > (spans[next]![1] ?? -1)) next++;
    const [from, to] = spans[next] ?? [rows, rows];
    const inside = row >= from!;
    const worth = inside
      ? sigmoid(-(to! - row + 1) / (to! - from! + 1)) / sigmoid(-1)
      : worthOutside(row, spans[next - 1] as readonly [number, number] | undefined);
    if (row >= skipped) {
      points.push({ file: index, score: file.scores[row]!, worth, window: inside ? firstWindow + next : -1 });
    }
  }
  return points;
}

function worthOutside(row: number, before: readonly [number, number] | undefined): number {
  return before === undefined ? -1 : sigmoid((row - before[1]) / (before[1] - before[0]));
}

/** All points of all files, highest score first. */
export class NabScorer {
  readonly #points: readonly Point[];
  readonly #windowsOfFile: readonly number[];

  /** @throws {RangeError} on labels that do not fit their file */
  constructor(files: readonly ScoredFile[]) {
    let window = 0;
    const points: Point[] = [];
    this.#windowsOfFile = files.map(({ windows }) => windows.length);
    for (const [index, file] of files.entries()) {
      const windows = file.windows.toSorted((a, b) => a[0] - b[0]);
      for (const point of pointsOf({ ...file, windows }, index, window)) points.push(point);
      window += file.windows.length;
    }
    this.#points = points.sort((a, b) => b.score - a.score);
  }

  /** The score at the best of all thresholds. */
  best(profile: Profile): NabScore {
    const found = this.#sweep(profile, () => true, Number.NEGATIVE_INFINITY);
    const windows = this.#windowsOfFile.reduce((sum, it) => sum + it, 0);
    return {
      profile: profile.name,
      score: this.#normal(found.raw, profile),
      threshold: found.threshold,
      windowsHit: found.windowsHit,
      windows,
      falseRows: found.falseRows,
    };
  }

  /** The mean score when the threshold of each fold of files is chosen on the other folds, over `repeats` ways to fold. */
  crossValidated(profile: Profile, folds: number, repeats: number, random: Random): number {
    let total = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const foldOf = shuffledFolds(this.#windowsOfFile.length, folds, random);
      let raw = 0;
      for (let fold = 0; fold < folds; fold++) {
        const { threshold } = this.#sweep(profile, (file) => foldOf[file] !== fold, Number.NEGATIVE_INFINITY);
        raw += this.#sweep(profile, (file) => foldOf[file] === fold, threshold).rawAtEnd;
      }
      total += this.#normal(raw, profile);
    }
    return total / repeats;
  }

  /** 0 = nothing said at all, 100 = every window hit at its first row and nothing else said. */
  #normal(raw: number, { missWeight }: Profile): number {
    const windows = this.#windowsOfFile.reduce((sum, it) => sum + it, 0);
    return windows === 0 ? 0 : (100 * raw) / (windows * (1 + missWeight));
  }

  /** Lowers the threshold row by row; raw gains are relative to nothing said. Rows of equal score come together. */
  #sweep({ missWeight, falseWeight }: Profile, takes: (file: number) => boolean, lowest: number) {
    const best = new Map<number, number>();
    const found = { raw: 0, threshold: Number.POSITIVE_INFINITY, windowsHit: 0, falseRows: 0, rawAtEnd: 0 };
    let falseRows = 0;
    const points = this.#points;
    for (let i = 0; i < points.length; i++) {
      const { file, score, worth, window } = points[i]!;
      if (score < lowest) break;
      if (takes(file)) {
        if (window < 0) {
          found.rawAtEnd += worth * falseWeight;
          falseRows++;
        } else {
          const before = best.get(window) ?? -missWeight;
          if (worth > before || !best.has(window)) {
            found.rawAtEnd += Math.max(worth, before) - before;
            best.set(window, Math.max(worth, before));
          }
        }
      }
      if (points[i + 1]?.score === score || found.rawAtEnd <= found.raw) continue;
      Object.assign(found, { raw: found.rawAtEnd, threshold: score, windowsHit: best.size, falseRows });
    }
    return found;
  }
}

/** A fold for each file, folds of equal size. */
function shuffledFolds(files: number, folds: number, random: Random): number[] {
  const order = Array.from({ length: files }, (_, file) => file);
  for (let i = files - 1; i > 0; i--) {
    const other = random.integer(0, i);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  const foldOf = new Array<number>(files).fill(0);
  for (const [place, file] of order.entries()) foldOf[file] = place % folds;
  return foldOf;
}
