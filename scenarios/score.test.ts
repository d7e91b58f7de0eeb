import { describe, expect, test } from '@jest/globals';
import type { Incident } from './labels.ts';
import { type ScoredAlert, score, type Truth } from './score.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 2);
const WARM_MS = START_MS + 8 * DAY_MS;
const ONSET_MS = START_MS + 10 * DAY_MS;

function incident(change: Partial<Incident> = {}): Incident {
  return {
    id: 'i01',
    kind: 'flood-constant',
    grade: 'gross',
    threats: ['T1'],
    functions: ['pay'],
    onsetMs: ONSET_MS,
    endMs: ONSET_MS + 20 * MINUTE_MS,
    effectMs: ONSET_MS,
    affectedCalls: 100,
    missingCalls: 0,
    ...change,
  };
}

function alert(minutes: number, change: Partial<ScoredAlert> = {}): ScoredAlert {
  return {
    event: 'opened',
    alert_id: `a${minutes}`,
    at: new Date(ONSET_MS + minutes * MINUTE_MS).toISOString(),
    function: { name: 'pay' },
    signal: 'invocations',
    severity: 'warning',
    ...change,
  };
}

function truth(change: Partial<Truth> = {}): Truth {
  return { labels: [incident()], holes: [], functions: 10, warmMs: WARM_MS, endMs: START_MS + 14 * DAY_MS, ...change };
}

describe('one incident of 20 minutes, one alert', () => {
  test.each([
    { name: 'at the onset', at: alert(0), hit: true, wrong: 0 },
    { name: '2 minutes before the onset', at: alert(-2), hit: true, wrong: 0 },
    { name: '3 minutes before the onset', at: alert(-3), hit: false, wrong: 1 },
    { name: '10 minutes after the end, within the grace', at: alert(30), hit: true, wrong: 0 },
    { name: '11 minutes after the end: too late, but in the shadow', at: alert(31), hit: false, wrong: 0 },
    { name: '60 minutes after the end', at: alert(80), hit: false, wrong: 0 },
    { name: '61 minutes after the end', at: alert(81), hit: false, wrong: 1 },
    { name: 'of another function', at: alert(5, { function: { name: 'mail' } }), hit: false, wrong: 1 },
    {
      name: 'that names the function among several',
      at: alert(5, { function: { name: 'mail' }, functions: [{ name: 'mail' }, { name: 'pay' }] }),
      hit: true,
      wrong: 0,
    },
    { name: 'of severity info', at: alert(5, { severity: 'info' }), hit: false, wrong: 0 },
    { name: 'an update only', at: alert(5, { event: 'updated' }), hit: false, wrong: 0 },
    { name: 'before the warm-up ended', at: alert(-3 * 24 * 60), hit: false, wrong: 0 },
  ])('$name', ({ at, hit, wrong }) => {
    const result = score([at], truth());
    expect(result.findings.map((finding) => finding.alert !== null)).toEqual([hit]);
    expect(result.falseAlerts).toHaveLength(wrong);
  });
});

test('the grace of a long incident is a quarter of its length', () => {
  const labels = [incident({ endMs: ONSET_MS + 400 * MINUTE_MS })];
  expect(score([alert(500)], truth({ labels })).findings[0]?.alert).not.toBeNull();
  expect(score([alert(501)], truth({ labels })).findings[0]?.alert).toBeNull();
});

test('the delay counts from the moment the effect passes the floor, to the first alert that hit', () => {
  const labels = [incident({ effectMs: ONSET_MS + 4 * MINUTE_MS })];
  expect(score([alert(12), alert(7)], truth({ labels })).findings[0]?.delayMs).toBe(3 * MINUTE_MS);
});

test.each([
  { name: 'no affected call', affectedCalls: 0, missingCalls: 0, counted: 0 },
  { name: 'seven missing calls', affectedCalls: 0, missingCalls: 7, counted: 0 },
  { name: 'eight missing calls', affectedCalls: 0, missingCalls: 8, counted: 1 },
  { name: 'one affected call', affectedCalls: 1, missingCalls: 0, counted: 1 },
])('an incident with $name counts $counted times', ({ affectedCalls, missingCalls, counted }) => {
  const result = score([alert(5)], truth({ labels: [incident({ affectedCalls, missingCalls })] }));
  expect(result.findings).toHaveLength(counted);
  expect(result.excluded).toHaveLength(1 - counted);
  expect(result.falseAlerts).toHaveLength(0);
});

test('a telemetry alert is neither hit nor false in a real hole, and false elsewhere', () => {
  const holes = [{ fromMs: ONSET_MS + 600 * MINUTE_MS, toMs: ONSET_MS + 615 * MINUTE_MS }];
  const said = (minutes: number) =>
    score([alert(minutes, { signal: 'telemetry', function: { name: '-' } })], truth({ holes }));
  expect(said(605)).toMatchObject({ telemetryAlerts: 1, holesSeen: 1, holes: 1, falseAlerts: [] });
  expect(said(300).falseAlerts).toHaveLength(1);
});

test('function-days are counted after the warm-up', () => {
  expect(score([], truth()).functionDays).toBe(60);
});
