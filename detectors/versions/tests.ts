import type { SignalName } from '../signals/signal.ts';
import { COUNT_TESTS, compareCounts, countStands } from './counts.ts';
import type { Difference, VersionScene } from './difference.ts';
import { compareMeans, MEAN_TESTS, meanStands } from './means.ts';

export const TESTS = COUNT_TESTS.length + MEAN_TESTS.length;
export const SIGNAL_OF: readonly SignalName[] = [...COUNT_TESTS, ...MEAN_TESTS].map(({ signal }) => signal);

/** One test of a record (`at` in `values`); null with too few calls on either side. About 1 µs. */
export function compare(values: Float32Array, at: number, test: number, scene: VersionScene): Difference | null {
  if (test < COUNT_TESTS.length) return compareCounts(values, at, test, scene);
  return compareMeans(values, at, test, MEAN_TESTS[test - COUNT_TESTS.length]!, scene);
}

/** Whether what was found is still so, by the last calls of the newest version. */
export function stands(values: Float32Array, at: number, test: number): boolean {
  if (test < COUNT_TESTS.length) return countStands(values, at, test);
  return meanStands(values, at, MEAN_TESTS[test - COUNT_TESTS.length]!);
}
