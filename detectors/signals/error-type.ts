import { PRIORS } from '../../models/priors/priors.ts';
import { upperSurprise } from '../../models/statistical/negative-binomial.ts';
import { badShare } from '../baseline.ts';
import { BAD, P, Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import type { Finding, Signal } from './signal.ts';

const { newTypes: NEW } = PRIORS;
const { errors: ERRORS } = PRIORS.shares;

/** Calls with the new type that it takes, and the calls a function must have lived through to know its errors. */
const SUPPORT = 3;
const LIVED = 300;

/**
 * Failures of a type this function has never shown, within an hour. The number of calls of an unseen type among n, when
 * none was seen among N before: gamma-Poisson with half a pseudo-call (Jeffreys). Deploys bring harmless ones: hence support.
 */
export const errorType: Signal = (view): Finding | null => {
  const { page, base } = view;
  const k = page[base + P.newType]!;
  if (k < SUPPORT) return null;
  const lived = page[base + P.total]!;
  if (lived < LIVED || view.minute - page[base + P.firstSeen]! < 720) return null;
  if (replaces(view)) return null;
  const minutes = Math.max(1, view.minute - page[base + P.newType + 1]! + 1);
  const calls = Math.max(k, view.rate > 0 ? view.rate * minutes : k);
  const mean = (NEW.calls * calls) / (lived + calls);
  return {
    signal: 'error_type',
    direction: 'up',
    horizon: 3,
    score: upperSurprise(k, mean, NEW.phi),
    observed: k,
    low: 0,
    mid: mean,
    high: 1,
    unit: 'failures of a new type',
    ratio: k / mean,
    support: k,
    model: { kind: 'negative-binomial', tail: 'upper', mean, phi: NEW.phi },
    rule: `${k} failures (at least ${SUPPORT}) of a type not seen in ${lived} calls before`,
    drivers: [],
  };
};

/** Failures of all kinds within the hour must be more than usual by this much, −log10 p: else one name replaces another. */
const MORE_FAILURES = 1.3;

/** True when a new type came instead of a known one: what failed before fails now under another name, as deploys bring. */
function replaces(view: WindowView): boolean {
  const { share, strength, phi } = badShare(view.page, view.base + P.bad + 4 * BAD.err, ERRORS.share, ERRORS.calls);
  for (let h = 0; h < 4; h++) {
    const failed = view.get(h, Q.err);
    const mean = view.get(h, Q.n) * share;
    if (failed > mean && upperSurprise(failed, mean, phi + 1 / strength) >= MORE_FAILURES) return false;
  }
  return true;
}
