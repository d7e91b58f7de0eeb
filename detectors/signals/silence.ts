import { zeroSurprise } from '../../models/statistical/negative-binomial.ts';
import { dispersion } from '../baseline.ts';
import { TAIL } from '../calibrate.ts';
import { P } from '../page.ts';
import type { WindowView } from '../window-view.ts';
import { ownTail } from './own-tail.ts';
import type { Finding } from './signal.ts';

/** Calls that must have been due, and how much longer than the longest gap on record it must last. */
const DUE = 8;
const GAP_RATIO = 2;
const LEAST_MINUTES = 5;
/** … or that many more calls must have been due than in any gap on record; its own past tells by how much more is rare. */
const MORE_DUE = 1;
/** A function that was only ever active for a few hours has shown no rhythm to break. */
const ACTIVE_MINUTES = 360;

function horizonOf(gap: number): number {
  return gap < 30 ? 2 : gap < 120 ? 3 : 4;
}

function phiOfGap(view: WindowView, gap: number): number {
  const horizon = horizonOf(gap);
  return view.parts.dispersion ? Math.min(0.35, dispersion(view.page, view.base, horizon)) : view.phi(horizon);
}

/** The surprise of the gap that the page holds, floors or not: what its own past is made of. */
export function gapSurprise(view: WindowView): number {
  const due = view.page[view.base + P.gapExpected]!;
  return due > 0 ? zeroSurprise(due, phiOfGap(view, view.page[view.base + P.gap]!)) : 0;
}

/** No call at all, though many were due: P(no arrival) under the function's over-dispersion, and its own longest gap. */
export function silence(view: WindowView): Finding | null {
  const { page, base } = view;
  const gap = page[base + P.gap]!;
  const due = page[base + P.gapExpected]!;
  if (due < DUE || gap < LEAST_MINUTES) return null;
  const longer = gap > GAP_RATIO * page[base + P.longestGap]!;
  if (!longer && due <= page[base + P.longestDue]! + MORE_DUE) return null;
  if (page[base + P.lastSeen]! - page[base + P.since]! < ACTIVE_MINUTES) return null;
  const horizon = horizonOf(gap);
  const phi = phiOfGap(view, gap);
  return {
    signal: 'silence',
    direction: 'down',
    horizon,
    score: view.calibrated(TAIL.silence, zeroSurprise(due, phi)),
    observed: 0,
    low: 1,
    mid: due,
    high: due * (1 + 2.6 * Math.sqrt(phi + 1 / due)),
    unit: 'invocations',
    ratio: 0,
    support: due,
    model: { kind: 'negative-binomial', tail: 'zero', mean: due, phi, ...ownTail(view, TAIL.silence) },
    rule: `no call for ${gap} min though ${due.toFixed(0)} were due (at least ${DUE}); the longest gap on record is ${page[base + P.longestGap]!.toFixed(0)} min, ${page[base + P.longestDue]!.toFixed(0)} calls due`,
    drivers: [],
  };
}
