import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { historyOf } from './history.ts';
import { CELL, EPOCH_MINUTE, P, PAGE, Q } from './page.ts';
import type { GradeTime } from './ring.ts';
import { advance, fold, TIERS } from './ring.ts';
import { WindowView } from './window-view.ts';

const START = 3_600_000; // a whole hour and quarter of the epoch of pages
const NOW = { hour: 3, weekend: 0 } as unknown as GradeTime['now'];

/** A page that was told these calls and failures, minute by minute from `START` on. */
function told(minutes: readonly { calls: number; failed: number }[]): WindowView {
  const page = new Float32Array(PAGE);
  page[P.firstSeen] = START;
  minutes.forEach(({ calls, failed }, i) => {
    const minute = START + i;
    const time: GradeTime = { minute, now: NOW, block5: NOW, block15: NOW, sourceStart: START };
    advance(page, 0, time);
    const sums = new Float64Array(CELL);
    sums[Q.n] = calls;
    sums[Q.err] = failed;
    fold(page, 0, minute, sums, 1, 3);
  });
  const view = new WindowView();
  view.page = page;
  view.base = 0;
  view.minute = START + minutes.length - 1;
  return view;
}

const steady = (length: number) => Array.from({ length }, () => ({ calls: 10, failed: 1 }));

describe('the history of a signal', () => {
  test('is as long as the ring, in windows that grow shorter', () => {
    const view = told(steady(300));
    const history = historyOf(view, view.minute, 'invocations')!;
    expect(history.unit).toBe('calls a minute');
    expect(history.endMinute).toBe(START + 300 + EPOCH_MINUTE);
    expect(history.minutes.slice(-5)).toEqual([1, 1, 1, 1, 1]);
    expect(history.minutes.reduce((sum, it) => sum + it, 0)).toBe(240);
    expect(new Set(history.values)).toEqual(new Set([10]));
  });

  test('shows when it began', () => {
    const view = told([...steady(200), { calls: 10, failed: 9 }, { calls: 10, failed: 8 }]);
    const { unit, values } = historyOf(view, view.minute, 'errors')!;
    expect(unit).toBe('share of calls failed');
    expect(values.slice(-3)).toEqual([0.1, 0.9, 0.8]);
    expect(new Set(values.slice(0, -2))).toEqual(new Set([0.1]));
  });

  test('begins with the function', () => {
    const view = told(steady(8));
    expect(historyOf(view, view.minute, 'invocations')!.minutes.reduce((sum, it) => sum + it, 0)).toBe(8);
  });

  test('ends with the window that is not over, and says what lies between', () => {
    const view = told(steady(30));
    const graded = view.minute;
    view.minute = graded + 2;
    view.sums[Q.n] = 70;
    const { values, minutes, endMinute } = historyOf(view, graded, 'invocations')!;
    expect(values.slice(-3)).toEqual([10, null, 70]);
    expect(minutes.slice(-2)).toEqual([1, 1]);
    expect(endMinute).toBe(graded + 3 + EPOCH_MINUTE);
  });

  test('knows nothing of signals without a number, nor before anything was graded', () => {
    const view = told(steady(30));
    expect(historyOf(view, view.minute, 'lifecycle')).toBeNull();
    expect(historyOf(view, Number.NaN, 'errors')).toBeNull();
  });

  test('has every call of its time in one window, whatever the minute', () => {
    const minute = fc.record({ calls: fc.integer({ min: 0, max: 500 }), failed: fc.constant(0) });
    fc.assert(
      fc.property(fc.array(minute, { minLength: 2, maxLength: 400 }), (minutes) => {
        const view = told(minutes);
        const history = historyOf(view, view.minute, 'invocations')!;
        const length = history.minutes.reduce((sum, it) => sum + it, 0);
        expect(history.minutes.length).toBeLessThanOrEqual(TIERS.reduce((sum, { cells }) => sum + cells, 0));
        expect(length).toBeGreaterThanOrEqual(Math.min(minutes.length, 181));
        let at = minutes.length - length;
        history.minutes.forEach((size, i) => {
          const calls = minutes.slice(at, at + size).reduce((sum, it) => sum + it.calls, 0);
          expect(history.values[i]).toBeCloseTo(Number((calls / size).toPrecision(3)), 6);
          at += size;
        });
      }),
      { numRuns: 50 },
    );
  });
});
