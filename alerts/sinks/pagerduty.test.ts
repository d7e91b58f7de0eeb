import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deliver, virtualClock } from '../../test/receivers/deliver.ts';
import { openPagerDuty, type PagerDutyReceiver, ROUTING_KEY } from '../../test/receivers/pagerduty.ts';
import type { Fault } from '../../test/receivers/receiver.ts';
import { sampleEvent, sampleLife, sampleNotice } from '../../test/receivers/sample-notice.ts';
import { openSink } from './open.ts';
import { Secret } from './secret.ts';
import type { Sink } from './sink.ts';

const clock = virtualClock();
let pager: PagerDutyReceiver;
beforeEach(async () => {
  pager = await openPagerDuty();
});
afterEach(() => pager.close());

const sinkWith = (key = ROUTING_KEY): Sink =>
  openSink(
    {
      type: 'pagerduty',
      name: 'pager',
      timeoutMs: 5000,
      allowPrivate: ['127.0.0.1'],
      routingKey: new Secret(key),
      baseUrl: pager.url,
    },
    clock,
  );
const newVersion = (severity: 'info' | 'warning') =>
  sampleNotice({
    event: { ...sampleEvent, signal: 'lifecycle', severity, evidence: { ...sampleEvent.evidence, detail: 'new-version:44' } },
  }); // biome-ignore format: one event

test('an incident is one alert from trigger to resolve, under one key', async () => {
  const outcomes = await deliver(sinkWith(), sampleLife, clock);
  expect(outcomes).toEqual(sampleLife.map(() => ({ kind: 'taken' })));
  expect(pager.objections).toEqual([]);
  expect(pager.incidents).toEqual([
    { dedupKey: 'inc-0123456789abcdef', status: 'resolved', summaries: [expect.stringContaining('checkout'), expect.any(String)] },
  ]);
  expect(pager.received).toHaveLength(4); // the quiet update is not sent
}); // biome-ignore format: one line each

test('after a resolve the same key opens another incident', async () => {
  const reopened = sampleNotice({ version: 6, transition: 'reopened' });
  await deliver(sinkWith(), [...sampleLife, reopened], clock);
  expect(pager.incidents.map(({ status }) => status)).toEqual(['resolved', 'triggered']);
});

test('an incident that expires is resolved', async () => {
  await deliver(sinkWith(), [sampleNotice(), sampleNotice({ version: 2, transition: 'expired', status: 'expired', loud: false })], clock);
  expect(pager.incidents.map(({ status }) => status)).toEqual(['resolved']);
}); // biome-ignore format: one line each

test('a retry of what arrived folds into the same incident', async () => {
  pager.fail('lost-answer', 'lost-answer');
  await deliver(sinkWith(), [sampleNotice()], clock);
  expect(pager.incidents).toHaveLength(1);
});

describe('a new version', () => {
  test('that is nobody’s worry is a change beside the incidents, once', async () => {
    const opened = newVersion('info');
    await deliver(sinkWith(), [opened, { ...opened, version: 2, transition: 'resolved', status: 'resolved' }], clock);
    expect(pager.objections).toEqual([]);
    expect(pager.changes).toHaveLength(1);
    expect(pager.incidents).toEqual([]);
  });

  test('that nobody announced is an incident', async () => {
    await deliver(sinkWith(), [newVersion('warning')], clock);
    expect(pager.incidents).toHaveLength(1);
    expect(pager.changes).toEqual([]);
  });

  test('is not sent with the key of a ruleset, which takes no changes', async () => {
    const key = `R${ROUTING_KEY.slice(1)}`;
    expect(await deliver(sinkWith(key), [newVersion('info')], clock)).toEqual([{ kind: 'taken' }]);
    expect(pager.received).toHaveLength(0);
  });
});

describe('what an answer means', () => {
  const invalid = (error: string): Fault => ({
    status: 400,
    body: JSON.stringify({ status: 'invalid event', errors: [error] }),
  });
  test.each<[string, Fault, object]>([
    ['too many: minutes', { status: 429 }, { kind: 'retry', afterMs: 120_000 }],
    ['more minutes', { status: 429, headers: { 'retry-after': '300' } }, { kind: 'retry', afterMs: 300_000 }],
    ['theirs', { status: 500 }, { kind: 'retry', afterMs: 0 }],
    ['a field', invalid("'payload.severity' is invalid"), { kind: 'refused', why: expect.stringMatching(/answers 400: it objects to severity$/) }],
    ['the key', invalid("Length of 'routing_key' is incorrect"), { kind: 'closed', why: expect.stringMatching(/it objects to routing_key$/) }],
    ['something', invalid(ROUTING_KEY), { kind: 'refused', why: expect.stringMatching(/answers 400$/) }],
    ['an account that ended', { status: 403 }, { kind: 'closed' }],
    ['too large', { status: 413 }, { kind: 'refused' }],
  ])('%s', async (_name, fault, expected) => {
    pager.fail(fault);
    const outcome = await sinkWith().send({ notice: sampleNotice(), memory: null, isRetry: false }, new AbortController().signal);
    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toContain('HIDDEN');
  }); // biome-ignore format: a table
});
