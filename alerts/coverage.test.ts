import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FIELD } from '../detectors/page.ts';
import type { FunctionRow } from '../detectors/records.ts';
import { blindSignals, coverageOf } from './coverage.ts';
import { THREATS } from './threats.ts';

const FIELDS = Object.keys(FIELD);

function functionOf(fields: readonly string[], learntWindows = 60): FunctionRow {
  return {
    fn: 'aws/1/-/pay',
    firstSeenMs: 0,
    lastSeenMs: 1,
    invocations: 1,
    learntWindows,
    warmupWindows: 60,
    version: null,
    memorySizeKib: null,
    timeoutUs: null,
    fields,
  };
}

const KEYS = fc.constantFrom('aws/1/-/a', 'azure/s/-/a/f', 'gcp/p/r/f', 'cloudflare/-/-/f', 'aws/1/-/cloudfront/f');

const stateOf = (threat: string, fields: readonly string[], learnt = 60) =>
  coverageOf(functionOf(fields, learnt)).find((row) => row.threat === threat)!;

describe('a threat is covered where the logs carry what shows it', () => {
  test.each([
    { threat: 'T1', fields: ['report', 'cost'], state: 'covered', reason: /calls and cost/ },
    { threat: 'T1', fields: ['report'], state: 'covered', reason: /no billed duration/ },
    { threat: 'T2', fields: ['status'], state: 'covered', reason: /record status/ },
    { threat: 'T2', fields: ['failureLine'], state: 'weak', reason: /lower bound/ },
    { threat: 'T2', fields: [], state: 'weak', reason: /text format/ },
    { threat: 'T3', fields: ['httpStatus'], state: 'covered', reason: /401/ },
    { threat: 'T3', fields: [], state: 'blind', reason: /no line carries an HTTP status/ },
    { threat: 'T4', fields: ['egress'], state: 'covered', reason: /bytes sent/ },
    { threat: 'T4', fields: [], state: 'blind', reason: /Lambda Insights/ },
    { threat: 'T7', fields: ['version'], state: 'covered', reason: /versions/ },
    { threat: 'T7', fields: [], state: 'blind', reason: /no version/ },
    { threat: 'T10', fields: FIELDS, state: 'blind', reason: /trigger/ },
    { threat: 'T20', fields: ['cpu'], state: 'covered', reason: /cpu/ },
    { threat: 'T20', fields: [], state: 'weak', reason: /needs Lambda Insights/ },
    { threat: 'T21', fields: ['memory'], state: 'covered', reason: /memory used/ },
    { threat: 'T21', fields: [], state: 'blind', reason: /no memory figure/ },
  ])('$threat with $fields: $state', ({ threat, fields, state, reason }) => {
    const row = stateOf(threat, fields);
    expect(row.state).toBe(state);
    expect(row.reason).toMatch(reason);
  });
});

test('while the baseline is young nothing that needs one is covered', () => {
  for (const threat of ['T1', 'T2', 'T3', 'T4', 'T12', 'T20', 'T21', 'T27']) {
    const row = stateOf(threat, FIELDS, 12);
    expect(row.state).toBe('weak');
    expect(row.reason).toContain('learnt 12 of 60 windows');
  }
});

test('every threat has one row with its title and a reason, whatever is known', () => {
  fc.assert(
    fc.property(fc.subarray(FIELDS), fc.nat(60), (fields, learnt) => {
      const rows = coverageOf(functionOf(fields, learnt));
      expect(rows.map(({ threat }) => threat)).toEqual(Object.keys(THREATS));
      for (const row of rows) {
        expect(row.fn).toBe('aws/1/-/pay');
        expect(row.title).toBe(THREATS[row.threat as keyof typeof THREATS]);
        expect(row.reason).not.toBe('');
      }
    }),
  );
});

test('more fields and more history never make a threat less covered', () => {
  const rank = { blind: 0, weak: 1, covered: 2 };
  fc.assert(
    fc.property(fc.subarray(FIELDS), fc.nat(60), fc.constantFrom(...FIELDS), KEYS, (fields, learnt, more, fn) => {
      const ranks = (of: readonly string[], windows: number) =>
        coverageOf({ ...functionOf(of, windows), fn }).map(({ state }) => rank[state]);
      const before = ranks(fields, learnt);
      expect(ranks([...fields, more], learnt).every((after, i) => after >= before[i]!)).toBe(true);
      expect(ranks(fields, 60).every((after, i) => after >= before[i]!)).toBe(true);
    }),
  );
});

describe('what records of other clouds cannot hold is blind', () => {
  const rowsOf = (fn: string, fields: readonly string[]) => coverageOf({ ...functionOf(fields), fn });
  const stateIn = (fn: string, fields: readonly string[], threat: string) =>
    rowsOf(fn, fields).find((row) => row.threat === threat)!;

  test.each([
    { fn: 'azure/s/-/app/f', fields: ['report', 'duration', 'status'], threat: 'T4', state: 'blind', reason: /Azure/ },
    {
      fn: 'azure/s/-/app/f',
      fields: ['report', 'duration', 'status'],
      threat: 'T21',
      state: 'blind',
      reason: /memory/,
    },
    {
      fn: 'azure/s/-/app/f',
      fields: ['report', 'status'],
      threat: 'T1',
      state: 'covered',
      reason: /prices\.functions/,
    },
    { fn: 'gcp/p/r/f', fields: ['status', 'egressEmf'], threat: 'T4', state: 'weak', reason: /responses only/ },
    { fn: 'cloudflare/-/-/f', fields: ['status', 'cpu'], threat: 'T20', state: 'covered', reason: /cpu/ },
    { fn: 'cloudflare/-/-/f', fields: ['status'], threat: 'T22', state: 'blind', reason: /cpu time/ },
    { fn: 'aws/1/us-east-1/cloudfront/f', fields: ['report'], threat: 'T2', state: 'blind', reason: /failed/ },
    { fn: 'aws/1/us-east-1/cloudfront/f', fields: ['report'], threat: 'T20', state: 'blind', reason: /durations/ },
    { fn: 'knative/-/-/f', fields: ['report'], threat: 'T2', state: 'blind', reason: /failed/ },
    { fn: 'knative/-/-/f', fields: ['report'], threat: 'T6', state: 'blind', reason: /memory/ },
  ])('$fn $threat: $state', ({ fn, fields, threat, state, reason }) => {
    const row = stateIn(fn, fields, threat);
    expect(row.state).toBe(state);
    expect(row.reason).toMatch(reason);
  });

  test('signals are named that logs hold nothing for', () => {
    const azure = { ...functionOf(['report', 'duration', 'status', 'httpStatus']), fn: 'azure/s/-/app/f' };
    expect(blindSignals(azure)).toEqual(['cost', 'egress', 'memory', 'cold_starts']);
    expect(blindSignals({ ...functionOf(['report']), fn: 'aws/1/us-east-1/cloudfront/f' })).toEqual(
      expect.arrayContaining(['duration', 'errors', 'timeouts', 'egress']),
    );
    expect(blindSignals(functionOf(FIELDS))).toEqual([]);
    expect(stateIn(azure.fn, azure.fields, 'T12').reason).toContain('signals cost, egress, memory, cold_starts');
  });
});
