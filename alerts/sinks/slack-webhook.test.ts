import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deliver, type VirtualClock, virtualClock } from '../../test/receivers/deliver.ts';
import type { Fault } from '../../test/receivers/receiver.ts';
import { sampleLife, sampleNotice } from '../../test/receivers/sample-notice.ts';
import { openSlackWebhook, type SlackWebhookReceiver } from '../../test/receivers/slack-webhook.ts';
import { openSink } from './open.ts';
import { Secret } from './secret.ts';
import type { Sink } from './sink.ts';

let clock: VirtualClock;
let slack: SlackWebhookReceiver;
let sink: Sink;
beforeEach(async () => {
  clock = virtualClock();
  slack = await openSlackWebhook(clock.nowMs);
  const webhookUrl = new Secret(slack.webhookUrl);
  sink = openSink({ type: 'slack', name: 'ops', timeoutMs: 5000, allowPrivate: ['127.0.0.1'], webhookUrl }, clock);
});
afterEach(() => slack.close());

test('what is loud is said, in messages that Slack takes', async () => {
  const outcomes = await deliver(sink, sampleLife, clock);
  expect(outcomes.every(({ kind }) => kind === 'taken')).toBe(true);
  expect(slack.objections).toEqual([]);
  expect(slack.messages).toHaveLength(sampleLife.filter(({ loud }) => loud).length);
  expect(slack.messages[0]?.text).toContain('checkout');
});

test('a storm is sent no faster than Slack takes it', async () => {
  const storm = Array.from({ length: 30 }, (_, i) => sampleNotice({ incident_id: `inc-${i}` }));
  const beganMs = clock.nowMs();
  await deliver(sink, storm, clock);
  expect(slack.messages).toHaveLength(30);
  expect(slack.objections).toEqual([]);
  expect(clock.nowMs() - beganMs).toBeLessThan(30_000); // not slower than it must be either
});

test('an ok is one whatever type it has, as Slack itself calls it HTML', async () => {
  slack.fail({ status: 200, headers: { 'content-type': 'text/html' }, body: 'ok' });
  expect(await deliver(sink, [sampleNotice()], clock)).toEqual([{ kind: 'taken' }]);
});

test('blocks that Slack refuses are sent as words', async () => {
  slack.fail({ status: 400, body: 'invalid_blocks' });
  expect(await deliver(sink, [sampleNotice()], clock)).toEqual([{ kind: 'taken' }]);
  expect(slack.messages).toHaveLength(1);
  expect(slack.messages[0]).not.toHaveProperty('blocks');
  expect(slack.messages[0]?.text).toMatch(/^```\n.*checkout.*Check first/s);
});

describe('what an answer means', () => {
  const host = () => new URL(slack.url).host;
  test.each<[string, Fault, string, string, number | null]>([
    ['too many', { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' }, 'retry', 'answers 429: rate_limited', 30_000],
    ['theirs', { status: 503 }, 'retry', 'answers 503', 0],
    ['roll-up', { status: 500, body: 'rollup_error' }, 'retry', 'answers 500: rollup_error', 0],
    ['cut', 'reset', 'retry', 'the connection was cut', 0],
    ['a message they cannot read', { status: 400, body: 'invalid_payload' }, 'refused', 'says invalid_payload', null],
    ['no words', { status: 400, body: 'no_text' }, 'refused', 'says no_text', null],
    ['what they do not name', { status: 400, body: 'https://hooks.slack.com/hidden' }, 'refused', 'answers 400', null],
    ['somebody who left', { status: 400, body: 'user_not_found' }, 'closed', 'says user_not_found', null],
    ['an app that was removed', { status: 403, body: 'action_prohibited' }, 'closed', 'says action_prohibited', null],
    ['a webhook that was removed', { status: 404, body: 'no_service' }, 'closed', 'says no_service', null],
    ['a channel that was archived', { status: 410, body: 'channel_is_archived' }, 'closed', 'says channel_is_archived', null],
    ['a login page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<!DOCTYPE html><html>…' }, 'closed', 'answers with a web page, which Slack does not: something stands between', null],
    ['somewhere else', { status: 302, headers: { location: 'https://x.example/' } }, 'closed', 'answers 302, a redirect: the config must name where it leads to', null],
  ])('%s', async (_name, fault, kind, why, afterMs) => {
    slack.fail(fault);
    const outcome = await sink.send({ notice: sampleNotice(), memory: null, isRetry: false }, new AbortController().signal);
    expect(outcome).toEqual({ kind, why: expect.stringContaining(why), ...(afterMs === null ? {} : { afterMs }) });
    expect((outcome as { why: string }).why.startsWith(host())).toBe(true);
    expect(JSON.stringify(outcome)).not.toContain('hidden');
  }); // biome-ignore format: a table
});
