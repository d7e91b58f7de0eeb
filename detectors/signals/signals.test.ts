import { describe, expect, test } from '@jest/globals';
import { Graded, type MinuteOf } from '../../test/view.ts';
import { P, TYPES_KEPT } from '../page.ts';
import { recompute } from '../recompute.ts';
import { DEFAULT_SETTINGS } from '../settings.ts';
import { errorType } from './error-type.ts';
import { WINDOW_SIGNALS } from './kinds.ts';
import { FAMILY_OF, type Finding, type SignalName } from './signal.ts';
import { silence } from './silence.ts';

const DAY = 1440;
const USUAL = { logUs: 17, logKib: 17, bytesPerCall: 20_000, microUsdPerCall: 2 };

const LIVED = new Graded().live(2 * DAY, 6, USUAL);

/** A function that has lived for two days of 6 calls a minute, then `minutes` of something else. */
function after(minutes: number, become: (usual: MinuteOf) => MinuteOf, life = 2 * DAY, usual: object = USUAL): Graded {
  const graded = (life === 2 * DAY && usual === USUAL ? LIVED : new Graded().live(life, 6, usual)).clone();
  for (let i = 0; i < minutes; i++) graded.grade(become({ calls: 6, ...usual }));
  return graded;
}

const find = (name: SignalName, { view }: Graded): Finding | null => WINDOW_SIGNALS[name]!(view);

interface Row {
  readonly signal: SignalName;
  readonly name: string;
  readonly minutes: number;
  readonly become: (usual: MinuteOf) => MinuteOf;
}

const same = (usual: MinuteOf): MinuteOf => usual;

describe('a clear anomaly scores over the bar', () => {
  test.each<Row>([
    { signal: 'invocations', name: 'ten times the calls in a minute', minutes: 1, become: (u) => ({ ...u, calls: 60 }) },
    { signal: 'invocations', name: 'two and a half times for an hour', minutes: 60, become: (u) => ({ ...u, calls: 15 }) },
    { signal: 'invocations', name: 'a sixth of the calls for an hour', minutes: 60, become: (u) => ({ ...u, calls: 1 }) },
    { signal: 'duration', name: 'four times slower for five minutes', minutes: 5, become: (u) => ({ ...u, logUs: 19 }) },
    { signal: 'duration', name: 'a third of calls far slower', minutes: 10, become: (u) => ({ ...u, tail: 2 }) },
    { signal: 'errors', name: 'every third call fails', minutes: 5, become: (u) => ({ ...u, err: 2 }) },
    { signal: 'timeouts', name: 'every sixth call times out', minutes: 5, become: (u) => ({ ...u, tmo: 1 }) },
    { signal: 'oom', name: 'every sixth call runs out of memory', minutes: 5, become: (u) => ({ ...u, oom: 1 }) },
    { signal: 'cold_starts', name: 'most calls start cold', minutes: 10, become: (u) => ({ ...u, cold: 5 }) },
    { signal: 'access', name: 'every third call is denied', minutes: 10, become: (u) => ({ ...u, acc: 2 }) },
    { signal: 'cost', name: 'ten times the cost of a call', minutes: 15, become: (u) => ({ ...u, microUsdPerCall: 20 }) },
    { signal: 'egress', name: 'a thousand times the bytes', minutes: 1, become: (u) => ({ ...u, bytesPerCall: 2e7 }) },
    { signal: 'egress', name: 'three times the bytes for four hours', minutes: 240, become: (u) => ({ ...u, bytesPerCall: 60_000 }) },
    { signal: 'memory', name: 'nearly all of the memory', minutes: 60, become: (u) => ({ ...u, logKib: 18.9 }) },
  ])('$signal: $name', ({ signal, minutes, become }) => {
    const found = find(signal, after(minutes, become));
    expect(found).not.toBeNull();
    expect(found!.signal).toBe(signal);
    expect(found!.score).toBeGreaterThan(DEFAULT_SETTINGS.bar);
    expect(Number.isFinite(found!.score)).toBe(true);
    if (found!.direction === 'up') expect(found!.observed).toBeGreaterThan(found!.high);
    else expect(found!.observed).toBeLessThan(found!.low);
    expect(found!.low).toBeLessThanOrEqual(found!.mid);
    expect(found!.mid).toBeLessThanOrEqual(found!.high);
    // what `explain` shows is what was decided by
    const again = recompute(found!.model, found!.observed);
    expect(again!.score).toBeCloseTo(found!.score, 6);
    expect(again!.steps.length).toBeGreaterThan(0);
  }); // biome-ignore format: a table
});

describe('what is usual is no finding', () => {
  test.each(Object.keys(WINDOW_SIGNALS) as SignalName[])('%s', (signal) => {
    const graded = after(5, same);
    expect(find(signal, graded)).toBeNull();
    // nor does anything stand out in a further day: scores over the bar for single windows would be false alarms
    let loudest = 0;
    for (let i = 0; i < DAY; i++) {
      graded.live(1, 6, USUAL);
      loudest = Math.max(loudest, find(signal, graded)?.score ?? 0);
    }
    expect(loudest).toBeLessThan(DEFAULT_SETTINGS.bar);
  });
});

describe('below the floor of effect there is no finding, however sure it is', () => {
  test.each<Row>([
    { signal: 'invocations', name: 'a fifth more for four hours', minutes: 240, become: (u) => ({ ...u, calls: 7 }) },
    { signal: 'invocations', name: 'seven calls where none are due', minutes: 1, become: (u) => ({ ...u, calls: 7 }) },
    { signal: 'duration', name: 'a tenth slower for four hours', minutes: 240, become: (u) => ({ ...u, logUs: 17.14 }) },
    { signal: 'duration', name: 'faster', minutes: 240, become: (u) => ({ ...u, logUs: 14 }) },
    { signal: 'errors', name: 'a single error', minutes: 1, become: (u) => ({ ...u, err: 1 }) },
    { signal: 'timeouts', name: 'two timeouts', minutes: 1, become: (u) => ({ ...u, tmo: 2 }) },
    { signal: 'oom', name: 'one out of memory', minutes: 1, become: (u) => ({ ...u, oom: 1 }) },
    { signal: 'access', name: 'four denials', minutes: 1, become: (u) => ({ ...u, acc: 4 }) },
    { signal: 'cost', name: 'half as much again', minutes: 60, become: (u) => ({ ...u, microUsdPerCall: 3 }) },
    { signal: 'cost', name: 'more calls at the same cost each', minutes: 15, become: (u) => ({ ...u, calls: 60 }) },
    { signal: 'egress', name: 'a tenth more', minutes: 240, become: (u) => ({ ...u, bytesPerCall: 22_000 }) },
    { signal: 'egress', name: 'less', minutes: 60, become: (u) => ({ ...u, bytesPerCall: 20 }) },
    { signal: 'memory', name: 'a rise far below the limit', minutes: 60, become: (u) => ({ ...u, logKib: 17.6 }) },
    { signal: 'cold_starts', name: 'a surge alone', minutes: 10, become: (u) => ({ ...u, calls: 30, cold: 24 }) },
  ])('$signal: $name', ({ signal, minutes, become }) => {
    expect(find(signal, after(minutes, become))).toBeNull();
  }); // biome-ignore format: a table
});

describe('what the logs do not carry is null, not 0', () => {
  test.each<Row>([
    { signal: 'duration', name: 'no durations', minutes: 5, become: (u) => ({ calls: u.calls }) },
    { signal: 'memory', name: 'no memory', minutes: 60, become: (u) => ({ calls: u.calls }) },
    { signal: 'egress', name: 'no bytes', minutes: 5, become: (u) => ({ calls: u.calls * 50 }) },
    { signal: 'cost', name: 'no cost', minutes: 5, become: (u) => ({ calls: u.calls * 50 }) },
  ])('$signal, never seen: $name', ({ signal, minutes, become }) => {
    expect(find(signal, after(minutes, become, 2 * DAY, {}))).toBeNull();
  });

  test('bytes that begin to come have no past to be measured by', () => {
    const graded = after(1, (u) => ({ ...u, bytesPerCall: 1e9 }), 2 * DAY, {});
    expect(find('egress', graded)).toBeNull();
  });

  test('bytes that stop coming are no leak and no rest', () => {
    expect(
      find(
        'egress',
        after(300, ({ calls }) => ({ calls })),
      ),
    ).toBeNull();
  });
});

describe('silence', () => {
  test.each([
    { name: 'an hour without a call', minutes: 60, life: 2 * DAY, isFound: true },
    { name: 'three minutes without a call', minutes: 3, life: 2 * DAY, isFound: false },
    { name: 'a function that was only active for an hour', minutes: 60, life: 60, isFound: false },
  ])('$name', ({ minutes, life, isFound }) => {
    const graded = after(minutes, () => ({ calls: 0 }), life);
    graded.page[P.since] = graded.page[P.firstSeen]!;
    const found = silence(graded.view);
    expect(found !== null).toBe(isFound);
    if (found === null) return;
    expect(found.score).toBeGreaterThan(DEFAULT_SETTINGS.bar);
    expect(recompute(found.model, 0)!.score).toBeCloseTo(found.score, 9);
  });

  test('of no greater length than it has shown before is no news', () => {
    const graded = after(60, () => ({ calls: 0 }));
    graded.page.fill(1e6, P.longestGap, P.gapCandidate); // the longest gap, by whatever measure
    expect(silence(graded.view)).toBeNull();
  });
});

describe('a new type of error', () => {
  const showing = (count: number, calls: number, minutes = 2 * DAY, usual: object = USUAL) => {
    const graded = new Graded().live(minutes, calls, usual);
    graded.grade({ calls: Math.max(calls, count), ...USUAL, err: count });
    graded.page[P.newType] = count;
    graded.page[P.newType + 1] = graded.minute - 3;
    graded.page[P.typeCount] = TYPES_KEPT;
    return errorType(graded.view);
  };

  test.each([
    { name: 'none', count: 0, calls: 6, isFound: false },
    { name: 'a slip', count: 2, calls: 6, isFound: false },
    { name: 'ten calls', count: 10, calls: 6, isFound: true },
  ])('$name', ({ count, calls, isFound }) => {
    const found = showing(count, calls);
    expect(found !== null).toBe(isFound);
    if (found !== null) expect(recompute(found.model, found.observed)!.score).toBeCloseTo(found.score, 9);
  });

  test('that takes the place of another, while as many fail as ever, is no news', () => {
    expect(showing(3, 6, 2 * DAY, { ...USUAL, err: 2 })).toBeNull();
  });

  test('of a function that has hardly lived is no news', () => {
    expect(showing(10, 6, 600)).toBeNull();
    expect(showing(10, 0.05)).toBeNull();
  });
});

test('every signal has its family', () => {
  for (const name of Object.keys(WINDOW_SIGNALS)) expect(FAMILY_OF[name as SignalName]).toBeGreaterThanOrEqual(0);
});
