import { constant, type Effect, type Shape, single } from './effect.ts';
import type { FunctionProfile } from './profile.ts';
import type { Random } from './random.ts';

/** One way an incident of a kind can look. */
export interface Variant {
  /** length in minutes, drawn on a logarithmic scale */
  readonly minutes: readonly [number, number];
  /** calls that the normal rhythm must bring within the incident, so that there is something to see */
  readonly minCalls: number;
  /** and a minute, on average over the incident */
  readonly minPerMinute: number;
  readonly suits?: (profile: FunctionProfile) => boolean;
  readonly shape: (random: Random, profile: FunctionProfile) => Shape;
}

export interface Kind {
  /** ids of the threat list */
  readonly threats: readonly string[];
  readonly gross?: Variant;
  readonly subtle?: Variant;
  /** functions hit together: an account's common cause; absent = 1 */
  readonly together?: number;
  /** the archetype it needs; absent = any that has traffic of its own */
  readonly archetype?: 'dormant' | 'newcomer';
}

const busy = (profile: FunctionProfile) => profile.archetype === 'http' || profile.archetype === 'queue';
const measured = (profile: FunctionProfile) => profile.insights;
const withStatus = (profile: FunctionProfile) => profile.statusShape !== null;
const headroom = (profile: FunctionProfile) => profile.durationMedianMs * 40 < profile.timeoutMs;

/** A rise by a factor a minute to a ceiling; it counts from ×2.5 on. */
function ramp(factorPerMinute: number, ceiling: number): Shape {
  return {
    at: (minutes) => ({ rate: Math.min(ceiling, factorPerMinute ** minutes) }),
    floorMinutes: Math.log(2.5) / Math.log(factorPerMinute),
  };
}

/** Bursts of one to three minutes, a third of the time. */
function bursts(random: Random): Shape {
  const factors = Array.from({ length: 200 }, () => (random.chance(0.33) ? random.between(8, 25) : 1));
  factors[0] = 15;
  return { at: (minutes) => ({ rate: factors[Math.floor(minutes / 2) % 200] ?? 1 }), floorMinutes: 0 };
}

function leak(headroomPerMinute: number): Shape {
  return { at: () => ({ leakPerMinute: headroomPerMinute }), floorMinutes: 0.35 / headroomPerMinute };
}

function variant(
  minutes: readonly [number, number],
  minCalls: number,
  minPerMinute: number,
  shape: Variant['shape'],
  suits?: Variant['suits'],
): Variant {
  return suits === undefined
    ? { minutes, minCalls, minPerMinute, shape }
    : { minutes, minCalls, minPerMinute, shape, suits };
}

/** The same effect with one number drawn. */
const drawn = (low: number, high: number, effect: (value: number) => Effect) => (random: Random) =>
  constant(effect(random.logBetween(low, high)));
const few = (effect: Effect) => (random: Random) => single(random.integer(3, 4), effect);

/** Every kind of incident that the signals claim to see. */
export const KINDS = {
  'flood-constant': {
    threats: ['T1'],
    gross: variant([15, 120], 12, 0.5, drawn(5, 20, (rate) => ({ rate })), busy),
    subtle: variant([30, 180], 40, 0.3, drawn(2.5, 3.5, (rate) => ({ rate })), busy),
  },
  'flood-ramp': { threats: ['T1'], gross: variant([55, 110], 30, 0.5, () => ramp(1.05, 18), busy) },
  'flood-bursty': { threats: ['T1'], gross: variant([30, 120], 20, 0.5, bursts, busy) },
  'flood-leech': { threats: ['T1', 'T27'], subtle: variant([240, 540], 60, 0.1, drawn(2.5, 3, (rate) => ({ rate })), busy) },
  recursion: { threats: ['T21', 'T1'], gross: variant([15, 40], 10, 0.4, (random) => ramp(2 ** (1 / random.between(1.5, 4)), 40), busy) },
  'duration-step': {
    threats: ['T2', 'T26'],
    gross: variant([20, 150], 25, 0.3, drawn(2.5, 6, (durationFactor) => ({ durationFactor }))),
    subtle: variant([60, 240], 120, 0.5, drawn(1.45, 1.8, (durationFactor) => ({ durationFactor }))),
  },
  'duration-tail': {
    threats: ['T26', 'T18'],
    gross: variant([20, 120], 40, 0.4, drawn(8, 15, (tailFactor) => ({ tailShare: 0.4, tailFactor })), headroom),
    subtle: variant([45, 180], 120, 0.5, drawn(8, 15, (tailFactor) => ({ tailShare: 0.1, tailFactor })), headroom),
  },
  'errors-burst': {
    threats: ['T2', 'T26'],
    gross: variant([10, 90], 25, 0.4, drawn(0.3, 0.95, (failShare) => ({ failShare, failKind: 'handler' }))),
    subtle: variant([45, 240], 150, 0.5, drawn(0.05, 0.09, (failShare) => ({ failShare, failKind: 'handler' }))),
  },
  'errors-few': { threats: ['T2'], subtle: variant([4, 25], 5, 0.02, few({ failShare: 1, failKind: 'handler' }), (profile) => profile.errorShare < 0.003) },
  'error-type-new': {
    threats: ['T2', 'T18'],
    gross: variant([10, 60], 60, 0.8, drawn(0.15, 0.4, (failShare) => ({ failShare, failKind: 'handler', errorType: 'QueryFailedError' }))),
    subtle: variant([10, 60], 20, 0.1, few({ failShare: 1, failKind: 'handler', errorType: 'XMLSyntaxError' })),
  },
  crash: {
    threats: ['T19'],
    gross: variant([10, 60], 40, 0.5, drawn(0.2, 0.8, (failShare) => ({ failShare, failKind: 'exit' }))),
    subtle: variant([5, 40], 5, 0.05, few({ failShare: 1, failKind: 'exit' })),
  },
  timeouts: {
    threats: ['T21', 'T6'],
    gross: variant([10, 90], 25, 0.3, drawn(0.3, 0.95, (failShare) => ({ failShare, failKind: 'timeout' }))),
    subtle: variant([10, 45], 8, 0.05, few({ failShare: 1, failKind: 'timeout' })),
  },
  oom: {
    threats: ['T21', 'T6'],
    gross: variant([10, 90], 35, 0.4, drawn(0.2, 0.9, (failShare) => ({ failShare, failKind: 'oom' }))),
    subtle: variant([10, 45], 8, 0.05, few({ failShare: 1, failKind: 'oom' })),
  },
  'memory-leak': {
    threats: ['T21', 'T17'],
    gross: variant([90, 240], 60, 0.4, (random) => leak(1 / random.between(25, 50)), busy),
    subtle: variant([180, 400], 120, 0.5, (random) => leak(1 / random.between(90, 140)), busy),
  },
  'cost-memory': { threats: ['T7', 'T1'], gross: variant([40, 180], 20, 0.2, (_random, profile) => constant({ memorySizeMb: Math.min(10240, profile.memorySizeMb * 8) })) },
  'cost-mixed': { threats: ['T1'], subtle: variant([60, 180], 100, 0.6, drawn(1.8, 2.2, (factor) => ({ rate: factor, durationFactor: factor })), busy) },
  'egress-burst': { threats: ['T4'], gross: variant([15, 90], 12, 0.2, drawn(20, 200, (egressFactor) => ({ egressFactor, egressShare: 0.7 })), measured) },
  'egress-leech': { threats: ['T4', 'T27'], subtle: variant([180, 480], 150, 0.4, drawn(1.8, 3, (egressFactor) => ({ egressFactor })), measured) },
  'poisoned-dependency': { threats: ['T9'], gross: variant([60, 240], 40, 0.3, drawn(3.5, 8, (egressFactor) => ({ egressFactor, newVersion: true, initFactor: 2 })), measured) },
  'cold-storm': {
    threats: ['T6'],
    gross: variant([15, 90], 40, 0.8, drawn(0.7, 1, (coldShare) => ({ coldShare })), busy),
    subtle: variant([40, 150], 120, 1, drawn(0.25, 0.4, (coldShare) => ({ coldShare })), busy),
  },
  silence: { threats: ['T12', 'T26'], gross: variant([25, 240], 40, 0.3, () => constant({ rate: 0 }), (profile) => profile.archetype !== 'sparse') },
  'partial-drop': { threats: ['T12'], subtle: variant([60, 240], 150, 0.8, drawn(0.15, 0.35, (rate) => ({ rate })), busy) },
  'dormant-awake': {
    threats: ['T16'],
    archetype: 'dormant',
    gross: variant([15, 60], 0, 0, drawn(2, 20, (extraPerMinute) => ({ extraPerMinute }))),
    subtle: variant([5, 20], 0, 0, drawn(0.3, 0.8, (extraPerMinute) => ({ extraPerMinute }))),
  },
  'new-function-burst': { threats: ['T23', 'T1'], archetype: 'newcomer', gross: variant([10, 60], 0, 0, drawn(8, 40, (extraPerMinute) => ({ extraPerMinute }))) },
  'access-denied': {
    threats: ['T3'],
    gross: variant([10, 90], 20, 0.5, drawn(0.35, 0.9, (deniedShare) => ({ deniedShare })), withStatus),
    subtle: variant([40, 180], 120, 0.8, drawn(0.1, 0.18, (deniedShare) => ({ deniedShare })), withStatus),
  },
  'secret-in-log': {
    threats: ['T13'],
    gross: variant([10, 60], 15, 0.2, drawn(0.5, 1, (secretShare) => ({ secretShare }))),
    subtle: variant([5, 30], 4, 0.02, (random) => single(random.integer(1, 3), { secretShare: 1 })),
  },
  'verbose-error': { threats: ['T14'], subtle: variant([10, 60], 15, 0.1, few({ failShare: 1, failKind: 'handler', errorType: 'DatabaseError' })) },
  mining: { threats: ['T20'], gross: variant([30, 180], 20, 0.2, drawn(3, 6, (durationFactor) => ({ durationFactor, cpuShare: 0.97, egressFactor: 3 }))) },
  outage: { threats: ['T26'], together: 4, gross: variant([10, 60], 15, 0.3, drawn(0.4, 0.95, (failShare) => ({ failShare, failKind: 'handler', errorType: 'ServiceUnavailableException', durationFactor: 2 }))) },
} as const satisfies Record<string, Kind>; // biome-ignore format: one kind a paragraph
export type KindName = keyof typeof KINDS;
