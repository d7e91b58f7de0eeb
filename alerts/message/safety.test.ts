import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SIGNALS } from '../../detectors/signals/signal.ts';
import { type Notice, TRANSITIONS } from '../notice.ts';
import { alertmanagerParts } from './alertmanager.ts';
import { noticeOf } from './cases.fixture.ts';
import { clean, fit } from './clean.ts';
import { eventOf } from './events.fixture.ts';
import { messageOf } from './message.ts';
import { pagerDutyPayload } from './pagerduty.ts';
import { plainText } from './plain-text.ts';
import { slackBlocks } from './slack.ts';
import { slackProblems } from './slack-rules.fixture.ts';

/** Text that means harm to somebody who shows it. */
const HOSTILE = [
  '<!channel> <!here> <@U012AB3CD> @everyone',
  '<http://evil.example|Open the logs>',
  '&lt;!channel&gt; &amp;amp; & <',
  '*bold* _it_ ~gone~ `code` ```fence```',
  '``` *out* of the fence <!channel>',
  'a\nb\r\nc\u2028d\u2029e\u0085f\vg',
  '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007 \u009b2J',
  '\u202egnp.exe \u2066inner\u2069 \u200f\u061c',
  'z\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c'.repeat(40),
  '👩‍👩‍👧‍👦'.repeat(200),
  '𝒳'.repeat(3000),
  '\ud83d lone \udc00',
  'x'.repeat(30_000),
  '&'.repeat(5000),
  '"; DROP TABLE alerts; --',
  '$(reboot) `reboot` %s %n',
  '../../../../etc/passwd\u0000.log',
  'javascript:alert(1)//"><img src=x onerror=alert(1)>',
  '',
  ' ',
  '__proto__',
  'constructor',
];

/** Secrets as logs show them, and the part of each that must never be seen. */
const SECRETS = [
  { text: 'AKIAIOSFODNN7EXAMPLE', secret: 'AKIAIOSFODNN7EXAMPLE' },
  { text: 'password=correcthorsebattery9', secret: 'correcthorsebattery9' },
  { text: 'xoxb-123456789012-abcdefGHIJKL', secret: '123456789012-abcdefGHIJKL' },
  { text: 'postgres://app:hunter2hunter2@db.internal/shop', secret: 'hunter2hunter2' },
  {
    text: 'Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789',
    secret: 'abcdefghijklmnopqrstuvwxyz0123456789',
  },
  { text: 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', secret: 'abcdefghijklmnopqrstuvwxyz0123456789' },
  { text: 'AKIA\u200bIOSFODNN7\u202eEXAMPLE', secret: 'AKIAIOSFODNN7EXAMPLE' },
  { text: 'AKIAIOSF\u001b[1mODNN7EXAMPLE', secret: 'AKIAIOSFODNN7EXAMPLE' },
  { text: 'AKIA\u200dIOSFODNN7EXAMPLE', secret: 'AKIAIOSFODNN7EXAMPLE' },
];

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('`', '*', '<', '>', '&', '!', '@', '_', '~', '|', '\n', 'a', '\u0301', '😀', '\ud83d'),
    maxLength: 400,
  }),
);

/** A notice in which every text that others choose is `text`'s. */
function noticeWith(text: fc.Arbitrary<string>): fc.Arbitrary<Notice> {
  const owner = {
    provider: fc.oneof(fc.constantFrom('aws', 'gcp', 'azure'), text),
    account: text,
    region: text,
    name: text,
    version: text,
  };
  const fn = fc.oneof(fc.record(owner), fc.record({ ...owner, log_group: text }));
  const evidence = fc.record({
    request_ids: fc.array(text, { maxLength: 5 }),
    detail: fc.oneof(
      text,
      text.map((it) => `secret:${it}`),
      text.map((it) => `new-version:${it}`),
    ),
    versions: fc.record({ claim: fc.constantFrom('only', 'since', 'alike'), version: text, newer: text, older: text }),
    model: fc.record({ kind: fc.constantFrom('fisher', 'cusum', 'other') }),
    rule: text,
    history: fc.record({
      unit: text,
      end: fc.constant('2026-11-23T02:14:00.000Z'),
      minutes: fc.constant([60, 1]),
      values: fc.constant([1, 2]),
    }),
  });
  const event = fc
    .record({
      signal: fc.constantFrom(...SIGNALS),
      function: fn,
      functions: fc.option(fc.array(fn, { minLength: 1, maxLength: 12 }), { nil: undefined }),
      severity: fc.constantFrom('critical', 'error', 'warning', 'info'),
      observed: fc.option(fc.double({ min: 0, noNaN: true })),
      expected: fc.constant({ low: 0, mid: 2, high: 4 }),
      unit: fc.oneof(fc.constantFrom('ms', 'USD', 'failed invocations', 'bytes'), text),
      text,
      why: fc.array(
        fc.oneof(
          text,
          text.map((it) => `new error type: ${it}`),
          text.map((it) => `unusual together: ${it}`),
        ),
        { maxLength: 4 },
      ),
      threats: fc.array(text, { maxLength: 5 }),
      alert_id: text,
      evidence,
    })
    .map(({ signal, functions, ...rest }) =>
      eventOf(signal, { ...rest, ...(functions === undefined ? {} : { functions }) } as Parameters<typeof eventOf>[1]),
    );
  const digest = fc.record({
    incidents: fc.nat(),
    from: fc.constant('2026-11-23T02:14:00.000Z'),
    to: fc.constant('2026-11-23T02:20:00.000Z'),
    by_signal: fc.dictionary(text, fc.nat(), { maxKeys: 8 }),
    by_severity: fc.dictionary(text, fc.nat(), { maxKeys: 8 }),
    by_region: fc.dictionary(text, fc.nat(), { maxKeys: 8 }),
    by_account: fc.dictionary(text, fc.nat(), { maxKeys: 8 }),
    worst: fc.array(event, { maxLength: 20 }),
  });
  return fc
    .record({
      event,
      incident_id: text,
      transition: fc.constantFrom(...TRANSITIONS),
      status: fc.constantFrom('open', 'acknowledged', 'resolved', 'expired'),
      by: text,
      reason: text,
      digest: fc.option(digest, { nil: undefined }),
    })
    .map(({ event: of, digest: many, ...rest }) =>
      noticeOf(of, { ...rest, ...(many === undefined ? {} : { digest: many }) } as Partial<Notice>),
    );
}

/** Every text of every form. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}

const formsOf = (notice: Notice) => {
  const message = messageOf(notice);
  return {
    plain: plainText(message),
    slack: slackBlocks(message),
    pagerduty: pagerDutyPayload(message),
    alertmanager: alertmanagerParts(message),
  };
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const RUNS = { numRuns: 40 };

describe('whatever its texts are, a message', () => {
  test('is what Slack takes, and has no markup but its own', () => {
    fc.assert(
      fc.property(noticeWith(anyText), (notice) => {
        expect(slackProblems(formsOf(notice).slack)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('is what PagerDuty and Alertmanager take', () => {
    fc.assert(
      fc.property(noticeWith(anyText), (notice) => {
        const { pagerduty, alertmanager } = formsOf(notice);
        const { payload, links } = pagerduty;
        expect(payload.summary.length).toBeGreaterThan(0);
        expect(payload.summary.length).toBeLessThanOrEqual(1024);
        expect(payload.source).not.toBe('');
        expect(Buffer.byteLength(JSON.stringify(pagerduty))).toBeLessThan(64_000);
        for (const { href } of links) expect(href).toMatch(/^https:\/\/[!-~]{1,2000}$/);
        for (const value of Object.values(alertmanager.labels)) expect(value).not.toBe('');
        expect(Buffer.byteLength(JSON.stringify(alertmanager))).toBeLessThan(64_000);
      }),
      RUNS,
    );
  });

  test('turns no terminal, hides nothing, and cuts no character in half', () => {
    fc.assert(
      fc.property(noticeWith(anyText), (notice) => {
        for (const text of textsOf(formsOf(notice))) {
          expect(text).not.toMatch(CONTROLS);
          expect(text).not.toMatch(LONE);
        }
        expect(plainText(messageOf(notice)).split('\n').length).toBeLessThan(60);
      }),
      RUNS,
    );
  });

  test.each(SECRETS)('never carries $secret', ({ text, secret }) => {
    const padding = fc.oneof(
      fc.nat({ max: 300 }).map((length) => 'word '.repeat(length)),
      fc.constantFrom(...HOSTILE),
    );
    const around = fc.tuple(padding, padding).map(([before, after]) => `${before} ${text} ${after}`);
    fc.assert(
      fc.property(noticeWith(fc.oneof(around, anyText)), (notice) => {
        for (const shown of textsOf(formsOf(notice))) expect(shown).not.toContain(secret);
      }),
      { numRuns: 8 },
    );
  });
});

describe('cleaned text', () => {
  test('stays as it is when it is cleaned again', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 5, max: 400 }), (text, limit) => {
        const once = clean(text, limit);
        expect(once.length).toBeLessThanOrEqual(limit);
        expect(clean(once, limit)).toBe(once);
      }),
    );
  });

  test('is cut where a person sees an end of a character', () => {
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 2, max: 60 }), (text, limit) => {
        const cut = fit(text, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        if (cut === text) return;
        const kept = cut.slice(0, -1);
        const ends = [...graphemes.segment(text)].map(({ index }) => index);
        expect(cut.endsWith('…')).toBe(true);
        expect(text.startsWith(kept)).toBe(true);
        expect(kept.length === 0 || ends.some((end) => text.slice(0, end).trimEnd() === kept)).toBe(true);
      }),
    );
  });
});
