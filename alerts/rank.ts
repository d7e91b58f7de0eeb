import { type Impact, worthOf } from '../detectors/impact.ts';
import type { AlertEvent, Signal } from './event.ts';
import { noneDue } from './holes.ts';

/** Where an incident stands among others, and what that follows from. */
export interface Standing {
  /** log10 of what it costs an hour, discounted for doubt: the higher, the sooner a person should know */
  readonly rank: number;
  /** fused surprise: the strongest signal's score plus 0.3 of the second's, less for a young baseline; null for a fact, which is no matter of chance */
  readonly fused: number | null;
  /** nothing is left to doubt: a fact, or a fused surprise of `SURE` */
  readonly isSure: boolean;
  /** the strongest signal's score alone, -log10 p; null for a fact */
  readonly score: number | null;
  /** impact as dollars an hour */
  readonly worth: number;
}

/** Share of the second signal's score: two signals of one cause are not independent, but they confirm each other. */
const SECOND = 0.3;
/** Worth at which a deviation without any measurable impact stands, $/h: below all others, but of finite rank. */
const LEAST_WORTH = 0.01;
/** From this fused surprise on an incident is real beyond doubt: models are checked to 10^-6, the rest is extrapolated. */
const SURE = 12;
/** Each unit of surprise short of that discounts the impact by a quarter of a decade, not a whole one: tails of models are too light. */
const DOUBT = 0.25;
/** Until a day's rhythm is known nothing that follows one is beyond doubt, however odd it looks. */
const RHYTHM_WINDOWS = 1440;
/** What fails needs no rhythm to be wrong. */
const NO_RHYTHM: readonly Signal[] = ['errors', 'error_type', 'timeouts', 'oom', 'access'];

/**
 * What facts are worth an hour, in the dollars of detectors/impact.ts. A leaked secret gives away what it opens: above all but
 * what is grave. A function that nobody knows, bursting or awake after days, may be an intruder's or a forgotten one. The others
 * can wait for the morning. A hole in the telemetry is worth the calls that nobody sees.
 */
const FACTS: Readonly<Record<string, number>> = {
  secret: 50,
  'new-function-burst': 2,
  'dormant-awake': 1,
  'memory-grown': 0.3,
  'logs-dropped': 0.3,
  verbose: 0.1,
};

/** Ranks an incident by what its newest event tells. Pure; O(signals). */
export function standingOf(event: AlertEvent): Standing {
  const worth = worthOf(impactIn(event));
  if (event.signal === 'telemetry' && event.function.name === '*') {
    const score = noneDue(event.impact.invocations ?? 0);
    return discounted(worth, score, score);
  }
  if (event.evidence.model === undefined) {
    const fact = worth + (FACTS[factOf(event)] ?? LEAST_WORTH);
    return { rank: Math.log10(fact), fused: null, isSure: true, score: null, worth: fact };
  }
  const scores = (event.evidence.signals ?? []).map(({ score }) => score).sort((a, b) => b - a);
  const score = scores[0] ?? event.score;
  return discounted(worth, score, Math.min(score + SECOND * (scores[1] ?? 0), mostOf(event)));
}

function discounted(worth: number, score: number, fused: number): Standing {
  const doubt = DOUBT * Math.max(0, SURE - fused);
  return { rank: Math.log10(worth + LEAST_WORTH) - doubt, fused, isSure: fused >= SURE, score, worth };
}

/** The fused surprise that a baseline of this age can give. */
function mostOf({ signal, baseline }: AlertEvent): number {
  const share = baseline.windows / RHYTHM_WINDOWS;
  return NO_RHYTHM.includes(signal) || share >= 1 ? Number.POSITIVE_INFINITY : SURE * share;
}

function factOf({ evidence }: AlertEvent): string {
  return typeof evidence.detail === 'string' ? evidence.detail.split(':', 1)[0]! : '';
}

function impactIn({ impact }: AlertEvent): Impact {
  return {
    usd: impact.usd_per_hour ?? 0,
    failed: impact.failed_per_hour ?? 0,
    lost: impact.lost_per_hour ?? 0,
    slow: impact.slow_per_hour ?? 0,
    surplus: impact.surplus_per_hour ?? 0,
    bytes: impact.bytes_per_hour ?? 0,
  };
}
