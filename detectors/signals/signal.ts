import type { VersionSplit } from '../versions/split.ts';
import type { WindowView } from '../window-view.ts';

/** All signals. Their positions are in bitmaps and open incidents of snapshots: append only. */
export const SIGNALS = [
  'invocations',
  'duration',
  'errors',
  'error_type',
  'timeouts',
  'oom',
  'cost',
  'egress',
  'memory',
  'cold_starts',
  'silence',
  'lifecycle',
  'access',
  'content',
  'telemetry',
  'pattern',
] as const;
export type SignalName = (typeof SIGNALS)[number];

/** Signals of one family tell of one incident; families may have incidents of their own side by side. */
export const FAMILY = { traffic: 0, latency: 1, failure: 2, data: 3, silence: 4, event: 5, slow: 6 } as const;
/** Families whose incidents are in the page; what grows slowly keeps its own book (creep.ts). */
export const FAMILIES = 6;
export const FAMILY_OF: Readonly<Record<SignalName, number>> = {
  invocations: FAMILY.traffic,
  cost: FAMILY.traffic,
  duration: FAMILY.latency,
  memory: FAMILY.latency,
  cold_starts: FAMILY.latency,
  errors: FAMILY.failure,
  error_type: FAMILY.failure,
  timeouts: FAMILY.failure,
  oom: FAMILY.failure,
  access: FAMILY.failure,
  egress: FAMILY.data,
  silence: FAMILY.silence,
  lifecycle: FAMILY.event,
  content: FAMILY.event,
  telemetry: FAMILY.event,
  pattern: FAMILY.latency,
};

/** One surprising window of one signal. Only windows that pass the signal's effect floors become findings. */
export interface Finding {
  readonly signal: SignalName;
  readonly direction: 'up' | 'down';
  /** 0..4: 1, 5, 15, 60, 240 minutes */
  readonly horizon: number;
  /** −log10 p */
  readonly score: number;
  readonly observed: number;
  readonly low: number;
  readonly mid: number;
  readonly high: number;
  readonly unit: string;
  /** observed / mid, or how many times the expected value */
  readonly ratio: number;
  /** calls or events behind `observed` */
  readonly support: number;
  /** calls that `observed` counts some of; absent where it is no such count */
  readonly calls?: number;
  /** the model's name and the parameters that reproduce `score` from `observed` */
  readonly model: { readonly kind: string; readonly [parameter: string]: number | string };
  /** the floors it passed, in words with numbers */
  readonly rule: string;
  /** what moved, in words: factors of cost, share of slow calls… */
  readonly drivers: readonly string[];
  /** the comparison of versions that found it, where one did */
  readonly split?: VersionSplit;
  /** why it may open an incident by a bar of its own; absent = the bars of windows hold */
  readonly opens?: string;
}

/** Looks at one graded window of one function. Reads only; null = nothing worth saying, or no opinion. */
export type Signal = (view: WindowView) => Finding | null;
