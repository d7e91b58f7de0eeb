import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AlertEvent } from '../alerts/event.ts';
import type { CoverageRow, FunctionRow } from '../detectors/records.ts';
import type { ReplayResult } from './replay.ts';
import { alertText } from './report-alert.ts';
import { nextSteps, summaryText } from './report-summary.ts';
import { bytes, seconds } from './style.ts';
import type { Summary } from './summary.ts';
import { AlertTally } from './tally.ts';

const plain = (text: string) => text;
const event: AlertEvent = {
  schema: 1,
  event: 'opened',
  alert_id: 'a1b2',
  at: '2026-11-16T09:31:30.000Z',
  started_at: '2026-11-16T09:30:00.000Z',
  function: { provider: 'aws', account: null, region: null, name: 'pay', version: '7' },
  signal: 'cost',
  related_signals: [],
  severity: 'error',
  observed: 1.5,
  expected: { low: 0, mid: 0.1, high: 0.4 },
  unit: 'USD',
  score: 9.1,
  window_ms: 60_000,
  baseline: { windows: 100, kind: 'own' },
  text: 'pay: $1.50, expected $0 to $0.40',
  why: ['10 times as many calls', 'score 9.1 reaches 9'],
  threats: ['T1 denial of wallet'],
  evidence: { request_ids: ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'], config_hash: 'abc' },
  impact: {},
};

describe('an alert reads', () => {
  test('when it opens', () => {
    expect(alertText(event, plain)).toBe(`ERROR  2026-11-16 09:31:30Z  pay:7  cost
  pay: $1.50, expected $0 to $0.40
  why        10 times as many calls
             score 9.1 reaches 9
  threats    T1 denial of wallet
  requests   r1, r2, r3, r4, r5, and 1 more
  check      See whether calls became more or longer. A limit on concurrency stops the bill.
  next       tripline explain a1b2

`);
  });

  test('with the hours before', () => {
    const history = { unit: 'USD an hour', end: event.at, minutes: [60, 5, 1], values: [1, 1, 16] };
    expect(alertText({ ...event, evidence: { ...event.evidence, history } }, plain)).toContain(
      '\n  history    ▁│▁█  $0 to $16.00 an hour, 08:25 UTC to 09:31 UTC; right of │ the last 6 min\n',
    );
  });

  test('with whether it pages, and why', () => {
    const paging = {
      rank: 2,
      of: 31,
      days: 28,
      pages_to_rank: 24,
      rank_score: 1.2,
      worth_usd_per_hour: 16,
      fused_score: 20,
      discovery_bar: 7,
      pages_per_week: 5,
      left: 3,
    };
    const judged = { ...event, evidence: { ...event.evidence, paging }, page_reason: 'rank 2 of 31' };
    expect(alertText({ ...judged, page: true }, plain)).toContain('\n  page       yes, rank 2 of 31\n');
    expect(alertText({ ...judged, page: false }, plain)).toContain('\n  page       no, rank 2 of 31\n');
    expect(alertText({ ...judged, page: true, event: 'updated' }, plain)).toContain('page       yes');
    expect(alertText({ ...judged, page: false, event: 'updated' }, plain)).not.toContain('page  ');
  });

  test('when it covers several functions', () => {
    const functions = ['a', 'b', 'c'].map((name) => ({ ...event.function, name, version: '$LATEST' }));
    expect(alertText({ ...event, functions }, plain)).toContain('\n  functions  a, b, c\n');
  });

  test('when it ends', () => {
    const text = alertText({ ...event, event: 'resolved', text: 'pay: back to normal' }, plain);
    expect(text).toBe('RESOLVED  2026-11-16 09:31:30Z  pay: back to normal  a1b2\n\n');
  });

  test('harmlessly, whatever stands in it', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[2J', '\r\nOK', '\u202eevil', '\u0007', `key ${'AKIA'}IOSFODNN7EXAMPLQ`),
    );
    await fc.assert(
      fc.property(hostile, (text) => {
        const shown = alertText(
          {
            ...event,
            text,
            why: [text],
            threats: [text],
            alert_id: text,
            function: { ...event.function, name: text, version: text },
            functions: [{ ...event.function, name: text }],
            evidence: { request_ids: [text], config_hash: '' },
          },
          plain,
        );
        // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
        expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        expect(shown).not.toContain('IOSFODNN7');
        expect(shown.split('\n')).toHaveLength(10);
      }),
    );
  });
});

const fn = (name: string, learntWindows: number): FunctionRow => ({
  fn: `aws/-/-/${name}`,
  firstSeenMs: 0,
  lastSeenMs: 0,
  invocations: learntWindows * 10,
  learntWindows,
  warmupWindows: 60,
  version: null,
  memorySizeKib: null,
  timeoutUs: null,
  fields: [],
});
const blind = (name: string, threat: string, reason: string, state: CoverageRow['state'] = 'blind'): CoverageRow => ({
  fn: `aws/-/-/${name}`,
  threat,
  title: `title of ${threat}`,
  state,
  reason,
});
const summary: Summary = {
  run_id: 'r',
  config_hash: 'c',
  interrupted: false,
  sources: 2,
  unreadable_sources: 1,
  bytes: 1_250_000,
  fragments: 100,
  sorted: false,
  invocations: 12_345,
  functions: 3,
  duplicates: 1,
  late: 2,
  too_late: 3,
  partial: 4,
  evicted: 0,
  forgotten_events: 0,
  forgotten_attempts: 0,
  early_rows: 0,
  ungraded: 0,
  unsaid: 0,
  rejects: { 'truncated JSON': 1, 'no function': 2000 },
  alerts: { cost: 2, errors: 1 },
  pages: [
    {
      owner: null,
      pages_per_week: 5,
      paged: 4,
      held: 12,
      as_of: null,
      paged_in_7_days: 3,
      left: 2,
      next_page_at: null,
    },
  ],
  alerts_by_severity: { error: 2, info: 1 },
  wall_ms: 1234,
};
const result: ReplayResult = {
  summary,
  alerts: new AlertTally(),
  functions: [fn('pay', 12), fn('mail', 60), fn('cart', 30)],
  coverage: [
    blind('pay', 'T4', 'no byte counts'),
    blind('mail', 'T4', 'no byte counts'),
    blind('cart', 'T4', '', 'covered'),
    blind('pay', 'T3', 'no status'),
    blind('mail', 'T3', 'no status'),
    blind('cart', 'T3', 'no status'),
  ],
  rejects: [{ reason: 'no function', origin: 'a.log', offset: 7, line: 2, excerpt: 'x' }],
  problems: [],
};

describe('the summary', () => {
  test('says what was read, set aside, learnt, found and cannot be watched', () => {
    expect(summaryText(result, plain)).toBe(`Summary
  read         2 inputs, 1 with problems, 1.3 MB of text in 1.2 s
  invocations  12,345 of 3 functions
  set aside    1 duplicate, 2 late, 3 too late to use, 4 incomplete (no REPORT)
  learning     2 functions judged by what is usual elsewhere until enough of their own is known:
               cart learnt 30 of 60 windows
               pay learnt 12 of 60 windows
  rejects      2,001 pieces of input could not be used:
               2,000 × no function, first at a.log line 2
               1 × truncated JSON
  alerts       3: 2 error, 1 info
               by signal: 2 cost, 1 errors
  pages        3 of 5 a week (4 in all); 12 held for the digest
Cannot be watched
  T3 title of T3, all functions: no status
  T4 title of T4, 2 of 3 functions: no byte counts
`);
  });

  test('says what bounds have cost, where they were met', () => {
    const flooded = { ...result, summary: { ...summary, evicted: 198_000, unsaid: 1 } };
    expect(summaryText(flooded, plain).split('\n').slice(4, 6)).toEqual([
      '  bounds       198,000 functions forgotten to make room for others, the least used first: more were called than limits.functions allows',
      '               1 announcement not made: too many of a kind in an hour',
    ]);
  });

  test('ends with the commands that lead on', () => {
    const alerts = new AlertTally();
    alerts.add({ ...event, alert_id: 'first', severity: 'warning' });
    alerts.add({ ...event, alert_id: 'worst', severity: 'critical' });
    alerts.add({ ...event, alert_id: 'last', severity: 'info' });
    expect(nextSteps({ ...result, alerts }, './.tripline', plain)).toContain('  npx tripline explain worst\n');
    expect(nextSteps({ ...result, alerts }, 'logs/db', plain)).toContain('  npx tripline coverage --store logs/db\n');
    expect(nextSteps(result, './.tripline', plain)).not.toContain('explain');
    expect(nextSteps(result, null, plain)).toBe('');
  });
});

describe('the tally', () => {
  test('counts alerts, not events, as their latest event says', () => {
    const tally = new AlertTally();
    tally.add({ ...event, severity: 'warning' });
    tally.add({ ...event, severity: 'error', event: 'updated' });
    tally.add({ ...event, severity: 'error', event: 'resolved' });
    tally.add({ ...event, alert_id: 'other', signal: 'lifecycle', severity: 'info' });
    expect(tally.bySignal()).toEqual({ cost: 1, lifecycle: 1 });
    expect(tally.bySeverity()).toEqual({ error: 1, info: 1 });
    expect({ count: tally.count, isAlarming: tally.isAlarming }).toEqual({ count: 2, isAlarming: true });
  });

  test('tells who paged from what waits, by budget, as the latest event says', () => {
    const tally = new AlertTally();
    tally.add({ ...event, alert_id: 'a', owner: null, page: false });
    tally.add({ ...event, alert_id: 'a', owner: null, page: true, event: 'updated' });
    tally.add({ ...event, alert_id: 'b', owner: 'shop', page: false });
    tally.add({ ...event, alert_id: 'c', owner: 'shop', page: false, severity: 'info' });
    expect(tally.pagesOf(null)).toEqual({ paged: 1, held: 0 });
    expect(tally.pagesOf('shop')).toEqual({ paged: 0, held: 1 });
  });

  test('of info alone is no alarm', () => {
    const tally = new AlertTally();
    tally.add({ ...event, severity: 'info' });
    expect(tally.isAlarming).toBe(false);
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [123_456_789, '123 MB'],
  [5e12, '5.0 TB'],
])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text));

test.each([
  [40, '0.0 s'],
  [59_949, '59.9 s'],
  [130_000, '2 min 10 s'],
])('%d ms are %s', (ms, text) => expect(seconds(ms)).toBe(text));
