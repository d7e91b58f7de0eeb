import type { Finding, SignalName } from '../signals/signal.ts';

/** A new version may be slower, larger or dearer by 20 %: that is a deploy, not an incident. log2. */
export const MARGIN = Math.log2(1.2);
/** … and older versions must have answered this share of what the newest did to be compared with it. */
export const NOW_SHARE = 0.05;

/** What is put down to a version without older ones beside it must have begun so soon after it came, minutes. */
export const SOON = 30;

/** Whether older versions answered often enough beside the newest one. */
export const isBeside = (now: number, fresh: number, scene: VersionScene): boolean =>
  now >= scene.leastBeside && now >= NOW_SHARE * fresh;

/** The newest version against the ones before in one respect. */
export interface Difference {
  readonly test: number;
  readonly signal: SignalName;
  /** older versions answered at the same time, often enough to be compared with */
  readonly beside: boolean;
  /** big enough to matter */
  readonly matters: boolean;
  /** −log10 p, the least of the comparisons made */
  readonly score: number;
  /** −log10 p of what older versions did at the same time against what was known before: all versions suffer */
  readonly olderScore: number;
  readonly observed: number;
  readonly low: number;
  readonly mid: number;
  readonly high: number;
  readonly unit: string;
  readonly ratio: number;
  readonly support: number;
  readonly model: Finding['model'];
  readonly newer: string;
  readonly older: string;
}

/** What the tests need to know besides the record. */
export interface VersionScene {
  /** minutes since the newest version first answered */
  readonly age: number;
  /** configured memory, KiB; 0 = unknown */
  readonly memoryKib: number;
  /** the memory size was changed with the version: what a call costs has its reason */
  readonly resized: boolean;
  /** calls of older versions from which on they are compared with */
  readonly leastBeside: number;
}
