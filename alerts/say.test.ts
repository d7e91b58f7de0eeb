import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { FAMILY_OF, type Finding, SIGNALS } from '../detectors/signals/signal.ts';
import type { Verdict } from '../detectors/verdict.ts';
import { FINDING, verdict } from '../test/verdicts.ts';
import type { AlertEvent } from './event.ts';
import { alertEvent, alertId, groupEvent, holeEvent } from './say.ts';
import { amount, bytes, probability, usd } from './text.ts';

const schema = JSON.parse(readFileSync(new URL('../docs/alert-event.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

/** What is wrong with an event as a reader gets it: after its way through JSON. */
function problemsOf(event: AlertEvent): string[] {
  const read = JSON.parse(JSON.stringify(event));
  return validate(read) ? [] : (validate.errors ?? []).map((it) => `${it.instancePath} ${it.message}`);
}

const HOSTILE = [
  '',
  '"',
  '<!channel>',
  '\u001b[31mred',
  'a\nb',
  '__proto__',
  'a/b/c',
  '\ud800',
  '\u202eevil',
  'x'.repeat(10_000),
];
const DETAILS = [
  'secret:aws-access-key',
  'verbose:DatabaseError',
  'dormant-awake:4.2 days',
  'new-function-burst:40 calls in 3 min',
  'first-seen:',
  'new-version:8',
  'memory-size:512→1024 MiB',
  'memory-grown:512→1024 MiB',
  'logs-dropped:12 records',
  'something-else:entirely',
];

describe('every event fits its schema', () => {
  const kinds = SIGNALS.flatMap((signal) =>
    (['opened', 'updated', 'resolved'] as const).map((event) => ({ signal, event, name: `${event} ${signal}` })),
  );
  test.each(kinds)('$name', ({ signal, event }) => {
    const said = alertEvent(
      verdict('pay', 3, { signal, event, detail: signal === 'content' ? 'secret:key' : null }),
      'id',
      'hash',
    );
    expect(problemsOf(said)).toEqual([]);
    expect(said.text).toContain('pay');
    expect(said.threats.length).toBeGreaterThan(0);
  });

  test.each(DETAILS)('%s', (detail) => {
    const signal = detail.startsWith('secret') || detail.startsWith('verbose') ? 'content' : 'lifecycle';
    for (const event of ['opened', 'resolved'] as const) {
      const said = alertEvent(verdict('pay', 3, { signal, event, detail, finding: null }), 'id', 'hash');
      expect(problemsOf(said)).toEqual([]);
      expect(said).toMatchObject({ observed: null, expected: null, score: 0 });
      expect(said.text).toContain(detail.split(':')[1]!);
    }
  });

  test.each(HOSTILE)('a function called %j', (name) => {
    const one = verdict(`aws/1/-/${name}`, 3, { version: name });
    expect(problemsOf(alertEvent(one, 'id', name))).toEqual([]);
    expect(problemsOf(groupEvent(one, 'id', [one.fn, one.fn], 'opened', name))).toEqual([]);
    const content = { signal: 'content', detail: `secret:${name}`, finding: null } as const;
    expect(problemsOf(alertEvent(verdict(name, 3, content), 'id', 'hash'))).toEqual([]);
  });

  test.each(['aws/123', 'gcp/-', '*', '-'])('a hole of %s', (account) => {
    for (const event of ['opened', 'resolved'] as const) {
      const said = holeEvent({ account, fromMs: 0, due: 77.7 }, 600_000, 660_000, event, 'hash');
      expect(problemsOf(said)).toEqual([]);
    }
  });

  test('whatever the numbers', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, 1e-300, 1e300));
    const positive = fc.oneof(fc.double({ min: 0, noNaN: true }), fc.constant(1e12));
    const made = fc.record({
      finding: fc.record({ observed: number, low: number, mid: number, high: number, ratio: number, support: number, score: positive, horizon: fc.nat(4), direction: fc.constantFrom('up', 'down') }),
      signal: fc.constantFrom(...SIGNALS),
      usdPerHour: fc.option(number),
      bytes: fc.option(number),
      invocations: fc.option(number),
      unit: fc.constantFrom('USD', 'bytes', 'bytes per call', 'ms', ''),
    }); // biome-ignore format: one record
    fc.assert(
      fc.property(made, ({ finding, signal, unit, ...rest }) => {
        const found = { ...FINDING, ...finding, unit, signal } as Finding;
        const said = verdict('pay', 3, {
          ...rest,
          signal,
          family: FAMILY_OF[signal],
          finding: found,
        } as Partial<Verdict>);
        expect(problemsOf(alertEvent(said, 'id', 'hash'))).toEqual([]);
      }),
    );
  });
});

describe('ids', () => {
  test('are 16 hex digits, and others for whatever differs', () => {
    const ids = [
      alertId('a', 0, 0, ''),
      alertId('b', 0, 0, ''),
      alertId('a', 1, 0, ''),
      alertId('a', 0, 60_000, ''),
      alertId('a', 0, 0, 'x'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('hardly ever meet', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 50_000; i++) ids.add(alertId(`aws/1/-/fn-${i % 500}`, i % 6, Math.floor(i / 500) * 60_000, ''));
    expect(ids.size).toBe(50_000 - overlaps());
  });

  /** Of those 50,000 some are the same question: function, family and minute repeat together. */
  function overlaps(): number {
    const asked = new Set<string>();
    for (let i = 0; i < 50_000; i++) asked.add(`${i % 500} ${i % 6} ${Math.floor(i / 500)}`);
    return 50_000 - asked.size;
  }
});

test('an event says which model, which rule and which requests it stands on', () => {
  const related = [{ signal: 'duration', score: 5, observed: 3, mid: 1, horizon: 2 }] as const;
  const ids = { failed: ['r1', 'r2'], slowest: ['r2', 'r3'], sending: [] };
  const { evidence, related_signals, why } = alertEvent(
    verdict('pay', 3, { related, ids, usdPerHour: 3 }),
    'id',
    'hash',
  );
  expect(evidence.request_ids).toEqual(['r1', 'r2', 'r3']);
  expect(evidence).toMatchObject({ config_hash: 'hash', model: FINDING.model, observed_exact: 30, score_exact: 12 });
  expect(evidence.signals!.map(({ signal }) => signal)).toEqual(['errors', 'duration']);
  expect(related_signals).toEqual(['duration']);
  expect(why.join('\n')).toContain('a driver');
});

describe('numbers as a person reads them', () => {
  test.each([
    [amount(1234567, ''), '1,234,567'],
    [amount(0.1234, ''), '0.123'],
    [amount(12.5, 'ms'), '12.5'],
    [amount(0, ''), '0'],
    [amount(0.001234, ''), '1.2e-3'],
    [amount(3.456, 'USD'), '$3.46'],
    [usd(0.001234), '$0.0012'],
    [usd(0), '$0'],
    [bytes(0), '0 B'],
    [bytes(1536), '1.50 KiB'],
    [bytes(5e8), '477 MiB'],
    [probability(7.25), '1e-7.3'],
    [probability(1e12), '1e-300 or less'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe('an alert says against what', () => {
  const textOf = (finding: Partial<Finding>) =>
    alertEvent(verdict('pay', 3, { finding: { ...FINDING, ...finding } }), 'id', 'hash').text;
  test('counts in whole calls, none where hardly any is usual', () => {
    expect(textOf({ low: 0, high: 0.00025 })).toContain('30 failed invocations, usually none, in 1 min');
    expect(textOf({ low: 11.6, high: 30.2 })).toContain('usually 12 to 30,');
    expect(textOf({ unit: 'USD', observed: 3, low: 0.5, high: 1 })).toContain('$3.00, usually $0.50 to $1.00,');
  });

  test('and the past it is compared with, by the hour where that counts', () => {
    const usualAt = '14:00 to 15:00 UTC on weekdays';
    const why = (more: Partial<Verdict>) =>
      alertEvent(verdict('pay', 3, { usualAt, ...more }), 'id', 'hash').why.join('\n');
    expect(why({ signal: 'invocations', windowsLearnt: 7200 })).toContain(
      'compared with 7,200 minutes of its own past (5.0 days), as usual from 14:00 to 15:00 UTC on weekdays',
    );
    expect(why({ signal: 'errors' })).toMatch(/compared with 100 minutes of its own past$/m);
    const related = [{ signal: 'cost', score: 9, observed: 0.5, mid: 0.02, horizon: 1 }] as const;
    expect(why({ related })).toContain('also cost: $0.50 in 5 min, usually $0.02 (score 9.0)');
  });
});
