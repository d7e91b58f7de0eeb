import { afterEach, describe, expect, test } from '@jest/globals';
import { deliver, virtualClock } from '../../test/receivers/deliver.ts';
import { sampleLife, sampleNotice } from '../../test/receivers/sample-notice.ts';
import { openWebhook, type WebhookReceiver } from '../../test/receivers/webhook.ts';
import { deliveryKey } from '../notice.ts';
import { openSink } from './open.ts';
import { Secret } from './secret.ts';
import type { WebhookSettings } from './settings.ts';
import { keyOf } from './sign.ts';

const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;
/** The library that verifies looks at the wall clock. */
const clock = virtualClock(Date.now());

let receiver: WebhookReceiver | null = null;
afterEach(() => receiver?.close());

const sinkTo = ({ url }: WebhookReceiver, otherwise: Partial<WebhookSettings> = {}) =>
  openSink(
    {
      type: 'webhook',
      name: 'hook',
      timeoutMs: 5000,
      allowPrivate: ['127.0.0.1'],
      url: new Secret(`${url}/hidden?key=hidden`),
      secrets: [new Secret(NEW)],
      format: 'json',
      headers: {},
      ...otherwise,
    },
    clock,
  );

describe.each(['json', 'cloudevents'] as const)('%s', (format) => {
  test.each([
    ['signed with one secret', NEW, [NEW]],
    ['while the receiver still has the old secret', OLD, [NEW, OLD]],
    ['when the receiver has the new secret', NEW, [NEW, OLD]],
    ['unsigned', null, []],
  ])('%s', async (_name, known, secrets) => {
    receiver = await openWebhook(known);
    const sink = sinkTo(receiver, { format, secrets: secrets.map((it) => new Secret(it)) });
    const outcomes = await deliver(sink, sampleLife, clock);
    expect(receiver.objections).toEqual([]);
    expect(outcomes).toEqual(sampleLife.map(() => ({ kind: 'taken' })));
    expect([...receiver.notices]).toEqual(sampleLife.map((notice) => [deliveryKey(notice), notice]));
  });
});

test('the type of a CloudEvent tells the transition, its subject the function', async () => {
  receiver = await openWebhook(NEW);
  await deliver(sinkTo(receiver, { format: 'cloudevents' }), [sampleNotice({ transition: 'reopened' })], clock);
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
    type: 'dev.tripline.alert.reopened.v1',
    subject: 'aws/123456789012/eu-central-1/checkout',
    source: 'urn:tripline',
  });
});

test('an attempt has its own time and signature, but the id of the first', async () => {
  receiver = await openWebhook(NEW);
  receiver.fail({ status: 503 }, 'lost-answer');
  await deliver(sinkTo(receiver), [sampleNotice({ reason: 'Grüße, 世界 🙂 \u2028' })], clock);
  const headers = receiver.received.map((it) => it.headers);
  expect(new Set(headers.map((it) => it['webhook-id'])).size).toBe(1);
  expect(headers).toHaveLength(3);
  expect(receiver.notices.size).toBe(1);
  expect(receiver.objections).toEqual([]);
});

test('a secret that the receiver does not have is refused by it', async () => {
  receiver = await openWebhook(OLD);
  expect(await deliver(sinkTo(receiver), [sampleNotice()], clock)).toEqual([
    { kind: 'refused', why: `${new URL(receiver.url).host} answers 400` },
  ]);
});

test('headers of the configuration are sent, and cannot take the place of ours', async () => {
  receiver = await openWebhook(NEW);
  const headers = { authorization: new Secret('Bearer hidden'), 'x-team': new Secret('payments') };
  await deliver(sinkTo(receiver, { headers }), [sampleNotice()], clock);
  expect(receiver.received[0]?.headers).toMatchObject({ authorization: 'Bearer hidden', 'x-team': 'payments' });
});

test.each([
  [200, 'taken'],
  [202, 'taken'],
  [301, 'closed'],
  [400, 'refused'],
  [401, 'closed'],
  [404, 'closed'],
  [408, 'retry'],
  [410, 'closed'],
  [413, 'refused'],
  [422, 'refused'],
  [425, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
  [504, 'retry'],
])('status %d → %s', async (status, kind) => {
  receiver = await openWebhook(NEW);
  receiver.fail({ status, body: 'hidden' });
  const sent = sinkTo(receiver).send({ notice: sampleNotice(), memory: null, isRetry: false }, new AbortController().signal);
  const outcome = await sent;
  expect(outcome.kind).toBe(kind);
  expect(JSON.stringify(outcome)).not.toContain('hidden');
}); // biome-ignore format: one line each

test.each([
  ['whsec_c2hvcnQ=', false],
  [OLD.slice(6), false],
  ['whsec_', false],
  ['whsec_not base64 but long enough to be a key', false],
  [`whsec_${Buffer.alloc(23).toString('base64')}`, false],
  [`whsec_${Buffer.alloc(65).toString('base64')}`, false],
  [OLD, true],
  [NEW, true],
])('%s is a secret: %p', (secret, is) => {
  expect(keyOf(secret) !== null).toBe(is);
});
