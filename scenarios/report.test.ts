import { expect, test } from '@jest/globals';
import type { Incident } from './labels.ts';
import { formatReport, quantile, type SeedResult, summarise } from './report.ts';
import type { Finding, ScoredAlert } from './score.ts';

const MINUTE_MS = 60_000;
const ALERT: ScoredAlert = {
  event: 'opened',
  alert_id: 'a1',
  at: '2026-11-12T00:00:00.000Z',
  function: { name: 'pay' },
  signal: 'errors',
  severity: 'warning',
};

function finding(grade: Incident['grade'], delayMin: number | null): Finding {
  const incident: Incident = {
    id: 'i01',
    kind: 'crash',
    grade,
    threats: ['T19'],
    functions: ['pay'],
    onsetMs: 0,
    endMs: 1,
    effectMs: 0,
    affectedCalls: 9,
    missingCalls: 0,
  };
  return {
    incident,
    alert: delayMin === null ? null : ALERT,
    delayMs: delayMin === null ? null : delayMin * MINUTE_MS,
  };
}

function result(seed: number, findings: readonly Finding[], falseAlerts: readonly ScoredAlert[]): SeedResult {
  const totals = { invocations: 1, logEvents: 3, lines: 1, duplicateLines: 0, lostLines: 0 };
  const score = { findings, falseAlerts, excluded: [], functionDays: 100, telemetryAlerts: 0, holesSeen: 1, holes: 2 };
  return { seed, totals, scores: { ours: score } };
}

const RESULTS = [
  result(1, [finding('gross', 2), finding('gross', null), finding('subtle', 50)], [ALERT]),
  result(2, [finding('gross', 8), finding('gross', 4)], [ALERT]),
];

test('fleets add up: recall by grade, false alerts a thousand function-days, delays of gross incidents only', () => {
  expect(summarise('ours', RESULTS)).toMatchObject({
    fleets: 2,
    incidents: 5,
    recall: 0.8,
    recallGross: 0.75,
    recallSubtle: 1,
    falseAlerts: 2,
    falsePer1000FunctionDays: 10,
    incidentsPer1000FunctionDays: 25,
    precision: 4 / 6,
    delayMedianMin: 4,
    delayP95Min: 8,
    byKind: { 'crash gross': [3, 4], 'crash subtle': [1, 1] },
    holes: [2, 4],
  });
});

test('nothing to recall is not a recall of 0', () => {
  expect(summarise('ours', [result(1, [], [])])).toMatchObject({ recall: null, precision: null, delayMedianMin: null });
});

test.each([
  { numbers: [], share: 0.5, expected: null },
  { numbers: [3], share: 0.95, expected: 3 },
  { numbers: [4, 1, 3, 2], share: 0.5, expected: 2 },
  { numbers: [4, 1, 3, 2], share: 0.95, expected: 4 },
])('the $share quantile of $numbers is $expected', ({ numbers, share, expected }) => {
  expect(quantile(numbers, share)).toBe(expected);
});

test('the last line is JSON when asked for, and details name the misses and the false alerts', () => {
  const report = formatReport(RESULTS, { verbose: true, json: true });
  expect(JSON.parse(report.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ ours: { recall: 0.8 } });
  expect(report).toMatch(/seed 1 missed i01 gross pay/);
  expect(report).toMatch(/seed 2 false {2}2026-11-12T00:00 pay errors/);
});
