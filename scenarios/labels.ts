import type { KindName } from './kinds.ts';

/** What really happened: the truth that alerts are scored against. Times are event time, Unix ms. */
export interface Incident {
  readonly id: string;
  readonly kind: KindName;
  /** gross = a person sees it on a chart within minutes; subtle = a few per cent, or fewer than 5 affected calls */
  readonly grade: 'gross' | 'subtle';
  readonly threats: readonly string[];
  /** names of the functions hit */
  readonly functions: readonly string[];
  readonly onsetMs: number;
  readonly endMs: number;
  /** when the effect passes the floor: later than the onset for ramps only */
  readonly effectMs: number;
  /** calls in the logs that show it; final once the lines have been read to the end */
  affectedCalls: number;
  /** calls that should have come and did not (silence, drop); final as above */
  missingCalls: number;
}

/** Surprises that nobody should be woken for. */
export interface Benign {
  readonly kind: 'surge' | 'deploy' | 'hole' | 'quiet-weekend';
  /** empty = everyone */
  readonly functions: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** rate factor of a surge or weekend, duration factor of a deploy; a hole: 0 = lost, 1 = delivered late */
  readonly factor: number;
}

/** Fewer missing calls than this are no evidence of a silence (DETECTION §3). */
const FEWEST_MISSING = 8;

/** False for an incident that left nothing in the logs: it counts neither as found nor as missed. */
export function counts(incident: Incident): boolean {
  return incident.affectedCalls > 0 || incident.missingCalls >= FEWEST_MISSING;
}
