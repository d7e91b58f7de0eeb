import { describe, expect, test } from '@jest/globals';
import { Graded } from '../test/view.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { incidentAt } from './incident.ts';
import { I, P } from './page.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { FAMILIES, FAMILY, type Finding, type SignalName } from './signals/signal.ts';

const { bar, extremeBar, closeAfterWindows } = DEFAULT_SETTINGS;
const QUIET = '.'.repeat(3 * closeAfterWindows);

function finding(signal: SignalName, score: number, more: Partial<Finding> = {}): Finding {
  return {
    signal,
    direction: 'up',
    horizon: 0,
    score,
    observed: 10,
    low: 0,
    mid: 1,
    high: 2,
    unit: '',
    ratio: 10,
    support: 10,
    model: { kind: 'test' },
    rule: '',
    drivers: [],
    ...more,
  };
}

/** What a character of a timeline finds in its minute. Calls fail in bad minutes, so that an incident lasts as it is shown. */
const FINDINGS: Readonly<Record<string, readonly Finding[]>> = {
  '.': [],
  '?': [finding('errors', bar - 2)],
  o: [finding('errors', bar + 0.4)],
  X: [finding('errors', extremeBar + 1)],
  T: [finding('timeouts', extremeBar + 9), finding('errors', extremeBar + 1)],
  L: [finding('duration', extremeBar + 1)],
  B: [finding('errors', extremeBar + 1), finding('duration', extremeBar + 2), finding('egress', extremeBar + 3)],
  H: [finding('errors', bar + 0.4, { horizon: 2 })],
};
const BAD = /[oXTBH]/;

const LIVED = new Graded().live(1440, 6, { logUs: 17 });

interface Told {
  readonly text: string;
  readonly decision: Decision;
}

/** Plays one character a minute and lists what was decided, `minute:event signal@onset`. */
function play(timeline: string, graded = LIVED.clone()): Told[] {
  const first = graded.minute + 1;
  const told: Told[] = [];
  for (const character of timeline) {
    const isBad = BAD.test(character);
    graded.grade({
      calls: 6,
      err: isBad ? 3 : 0,
      tmo: character === 'T' ? 3 : 0,
      logUs: 'LB'.includes(character) ? 19 : 17,
    });
    for (const decision of decide(graded.view, FINDINGS[character]!, DEFAULT_SETTINGS)) {
      told.push({
        text: `${graded.minute - first}:${decision.event} ${decision.signal}@${decision.onset - first}`,
        decision,
      });
    }
  }
  return told;
}

const texts = (timeline: string) => play(timeline).map(({ text }) => text);
const openings = (told: readonly Told[]) => told.filter(({ decision }) => decision.event === 'opened');

describe('opens', () => {
  test.each([
    { name: 'nothing is nothing', timeline: '......', said: [] },
    { name: 'on extreme evidence at once', timeline: '..X', said: ['2:opened errors@2'] },
    { name: 'not on one window over the bar', timeline: '..o...', said: [] },
    { name: 'when it persists', timeline: '..oo', said: ['3:opened errors@3'] },
    { name: 'when it comes again within three windows', timeline: '..o.o', said: ['4:opened errors@4'] },
    { name: 'not when it comes again later', timeline: '..o....o....o', said: [] },
    { name: 'never on what is below the bar', timeline: '????????', said: [] },
    { name: 'on less when a long window holds it', timeline: '..H', said: ['2:opened errors@-12'] },
    { name: 'one incident a family, under its strongest signal', timeline: '..T', said: ['2:opened timeouts@2'] },
  ])('$name', ({ timeline, said }) => {
    expect(texts(timeline)).toEqual(said);
  });
});

describe('one incident a function', () => {
  test('families that begin in the same window are one', () => {
    const told = play('..B');
    expect(openings(told)).toHaveLength(1);
    expect(told.slice(1).map(({ decision: { event } }) => event)).toEqual(['updated', 'updated']);
    expect(new Set(told.map(({ decision: { family } }) => family)).size).toBe(1);
  });

  test('another family joins within half an hour', () => {
    const told = play(`${'X'.repeat(20)}${'L'.repeat(3)}`);
    expect(openings(told).map(({ text }) => text)).toEqual(['0:opened errors@0']);
    expect(
      told.some(({ decision: { event, rule } }) => event === 'updated' && rule.startsWith('duration joined')),
    ).toBe(true);
  });

  test('and has an incident of its own later', () => {
    const told = play(`${'X'.repeat(50)}${'L'.repeat(3)}`);
    expect(openings(told).map(({ decision: { signal } }) => signal)).toEqual(['errors', 'duration']);
  });
});

describe('closes by its own rule', () => {
  test('after so many quiet windows, once, and ends with its last bad minute', () => {
    const told = play(`XXXXX${QUIET}`);
    expect(told.map(({ decision: { event } }) => event)).toEqual(['opened', 'resolved']);
    const [opened, resolved] = told.map(({ decision }) => decision);
    const length = resolved!.ended! - opened!.onset;
    expect(length).toBeGreaterThanOrEqual(5);
    expect(length).toBeLessThanOrEqual(10); // the five-minute window still shows it for a while
    expect(Number.parseInt(told[1]!.text, 10)).toBeLessThanOrEqual(5 + 5 + closeAfterWindows);
  });

  test('does not flap: what comes and goes within the patience is one incident', () => {
    const calm = '.'.repeat(closeAfterWindows - 7);
    const told = play(`${`XXX${calm}`.repeat(6)}${QUIET}`);
    expect(
      told.filter(({ decision: { event } }) => event !== 'updated').map(({ decision: { event } }) => event),
    ).toEqual(['opened', 'resolved']);
  });

  test('opens again when it comes back after that', () => {
    const told = play(`XXX${QUIET}XXX${QUIET}`);
    expect(told.map(({ decision: { event } }) => event)).toEqual(['opened', 'resolved', 'opened', 'resolved']);
  });

  test('is the new level after a day, and then no more', () => {
    const told = play('X'.repeat(1500));
    const ends = told.filter(({ decision: { event } }) => event === 'resolved');
    expect(ends[0]!.text).toBe('1440:resolved errors@0');
    expect(ends[0]!.decision.rule).toContain('new level');
    expect(openings(told.filter(({ text }) => Number.parseInt(text, 10) < 1440))).toHaveLength(1);
  });
});

test('what an incident covers is not learnt, and what was before it stays known', () => {
  const [calm, covered] = [LIVED.clone(), LIVED.clone()];
  const shares = (graded: Graded) => graded.page[P.bad]! / graded.page[P.bad + 1]!;
  const before = shares(calm);
  play('X'.repeat(240), covered);
  expect(shares(covered)).toBeCloseTo(before, 4);
  // the same minutes without a decision are learnt
  for (let i = 0; i < 240; i++) calm.grade({ calls: 6, err: 3, logUs: 17 });
  expect(shares(calm)).toBeGreaterThan(before + 0.02);
});

test('an incident that is open is in the page, one that is over leaves only when it closed', () => {
  const graded = LIVED.clone();
  play('X', graded);
  const open = Array.from({ length: FAMILIES }, (_, family) => graded.page[incidentAt(0, family) + I.open] !== 0);
  expect(open.map((is, family) => (is ? family : -1)).filter((family) => family >= 0)).toEqual([FAMILY.failure]);
  play(QUIET, graded);
  const at = incidentAt(0, FAMILY.failure);
  const left = [...graded.page.subarray(at, at + 12)].map((value, i) => (value === 0 ? -1 : i)).filter((i) => i >= 0);
  expect(left).toEqual([I.announced]);
});
