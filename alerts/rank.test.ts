import { describe, expect, test } from '@jest/globals';
import { verdict } from '../test/verdicts.ts';
import type { AlertEvent } from './event.ts';
import { standingOf } from './rank.ts';
import { alertEvent, holeEvent } from './say.ts';

const base: AlertEvent = alertEvent(verdict('pay', 3), 'id', 'hash');
const withScores = (...scores: readonly number[]): AlertEvent => ({
  ...base,
  evidence: {
    ...base.evidence,
    signals: scores.map((score) => ({ signal: 'errors', score, observed: 1, mid: 1, horizon_ms: 60_000 })),
  },
  impact: { failed_per_hour: 600 },
});
const fact = (detail: string, severity: AlertEvent['severity'] = 'warning') =>
  alertEvent(verdict('pay', 3, { signal: 'content', detail, severity }), 'id', 'hash');

describe('the standing of an incident', () => {
  test('fuses signals as max + 0.3 of the second', () => {
    expect(standingOf(withScores(20)).fused).toBe(20);
    expect(standingOf(withScores(10, 20, 15)).fused).toBeCloseTo(20 + 0.3 * 15, 12);
  });

  test('is the logarithm of its worth where there is no doubt', () => {
    const { rank, worth } = standingOf(withScores(12));
    expect(worth).toBe(10); // 10 failed calls a minute, a dollar an hour each
    expect(rank).toBeCloseTo(Math.log10(10.01), 9);
  });

  test.each<{ name: string; worse: AlertEvent; better: AlertEvent }>([
    { name: 'more of the same is worse', worse: { ...base, impact: { failed_per_hour: 601 } }, better: withScores(12) },
    { name: 'doubt counts against it', worse: withScores(12), better: withScores(11) },
    { name: 'beyond doubt, surprise counts no more', worse: withScores(12), better: withScores(300) },
    { name: 'a leaked secret before a verbose error', worse: fact('secret:key'), better: fact('verbose:Oops') },
    { name: 'a secret before a few failures', worse: fact('secret:key'), better: withScores(40) },
    { name: 'failures before nothing measurable', worse: withScores(12), better: { ...withScores(12), impact: {} } },
  ])('$name', ({ worse, better }) => {
    expect(standingOf(worse).rank).toBeGreaterThanOrEqual(standingOf(better).rank);
  });

  test('of a fact has no score', () => {
    expect(standingOf(fact('verbose:Oops'))).toMatchObject({ score: null, fused: null, isSure: true, worth: 0.1 });
    expect(standingOf(fact('nobody-knows:this')).worth).toBe(0.01);
  });

  test('whose baseline knows no rhythm yet is in doubt, unless it is of failures', () => {
    const young = (signal: AlertEvent['signal']) => ({
      ...withScores(300),
      signal,
      baseline: { windows: 720, kind: '' },
    });
    expect(standingOf(young('invocations'))).toMatchObject({ fused: 6, isSure: false, score: 300 });
    expect(standingOf(young('errors'))).toMatchObject({ fused: 300, isSure: true });
  });

  test('of a hole is worth the calls that nobody sees, and the surer the more of them were due', () => {
    const hole = (due: number) =>
      standingOf(holeEvent({ account: 'aws/1', fromMs: 0, due }, 600_000, 660_000, 'opened', 'hash'));
    expect(hole(30).score).toBeCloseTo(6.02, 2);
    expect(hole(30).isSure).toBe(false);
    expect(hole(300).isSure).toBe(true);
    expect(hole(300).worth).toBeCloseTo(300 / 11, 9); // calls a minute
  });
});
