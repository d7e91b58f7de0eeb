import { Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import { errors } from './errors.ts';
import { oom } from './oom.ts';
import type { Finding, Signal, SignalName } from './signal.ts';
import { timeouts } from './timeouts.ts';

/** Below this much history, minutes, only what needs none is judged: no rate, rhythm or usual duration is known. */
export const LEAST_HISTORY = 20;

/**
 * Signals that need no history of the function: counts of calls that went wrong, against what is usual elsewhere
 * (models/priors/). All other signals would compare a function with its own first minutes.
 */
export const GUARDRAILS: Readonly<Partial<Record<SignalName, Signal>>> = { errors, timeouts, oom };

/**
 * Failures among the first calls must be this many, and this share of them. A first deploy that fails now and then is
 * for the function's own dashboards; one that hardly works at all is for a person.
 */
const LEAST_BAD = 5;
const LEAST_SHARE = 0.5;

/** What a guardrail found among the first calls, where it is plain enough to be said of a function that nobody knows. */
export function plainAtFirst(view: WindowView, finding: Finding | null): Finding | null {
  if (finding === null || finding.support < LEAST_BAD) return null;
  return finding.support < LEAST_SHARE * view.get(finding.horizon, Q.n) ? null : finding;
}
