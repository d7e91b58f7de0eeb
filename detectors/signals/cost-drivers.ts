import { PRIORS } from '../../models/priors/priors.ts';
import { logMoments } from '../baseline.ts';
import { P, Q } from '../page.ts';
import type { WindowView } from '../window-view.ts';

const DURATION = PRIORS.logs.duration;

/**
 * Which factor of the cost moved: calls × duration of a warm call × what is left (memory size, timeouts, cold starts, requests).
 * Their product is the ratio of the sums. Words for a person; O(1).
 * @param calls observed / expected calls
 * @param perCall observed / usual cost of a call
 */
export function costDrivers(view: WindowView, horizon: number, calls: number, perCall: number): string[] {
  const factor = (value: number) => `×${value >= 10 ? value.toFixed(0) : value.toFixed(2)}`;
  const whole = `cost ${factor(calls * perCall)} = calls ${factor(calls)}`;
  const known = logMoments(view.page, view.base + P.dur, DURATION.variance, DURATION.between);
  const warm = view.get(horizon, Q.dn);
  if (known === null || warm < 1) return [`${whole}, each ${factor(perCall)}`];
  const duration = 2 ** (view.get(horizon, Q.ds) / warm - known.mean);
  return [
    `${whole}, duration ${factor(duration)}, memory size, timeouts and cold starts ${factor(perCall / duration)}`,
  ];
}
