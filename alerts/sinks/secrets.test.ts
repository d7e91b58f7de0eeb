import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { virtualClock } from '../../test/receivers/deliver.ts';
import { type Fault, openReceiver } from '../../test/receivers/receiver.ts';
import { sampleLife } from '../../test/receivers/sample-notice.ts';
import { openSink } from './open.ts';
import { Secret } from './secret.ts';
import type { SinkSettings } from './settings.ts';

/** Every kind, with the secret in all places that may hold one. */
const kinds = (secret: string, url: string): SinkSettings[] => {
  const common = { name: 'd', timeoutMs: 150, allowPrivate: ['127.0.0.1'] };
  const hidden = new Secret(secret);
  const signing = new Secret(`whsec_${Buffer.from(secret.padEnd(24, '.')).toString('base64')}`);
  const withSecret = new Secret(`${url}/${secret}?key=${secret}`);
  const auth = { username: 'me', password: hidden };
  return [
    { ...common, type: 'slack', webhookUrl: withSecret },
    { ...common, type: 'slack-bot', token: hidden, channel: 'C0123456789', baseUrl: url },
    { ...common, type: 'pagerduty', routingKey: hidden, baseUrl: url },
    { ...common, type: 'webhook', url: withSecret, secrets: [signing], format: 'json', headers: { 'x-key': hidden } },
    { ...common, type: 'alertmanager', url, auth, refreshMs: 1000 },
  ];
};

/** A receiver that says back what it was told, in every way that an answer has. */
const echo = (secret: string, status: number): Fault[] => [
  { status, body: secret },
  { status, body: JSON.stringify({ ok: false, error: secret, errors: [`routing_key ${secret}`], message: secret }) },
  { status, headers: { 'retry-after': secret, location: `https://${secret}.example/${secret}`, 'x-said': secret }, body: 'invalid_blocks' },
  'reset',
  'not-http',
  'silence',
]; // biome-ignore format: one fault a line

test('whatever a receiver answers, no outcome carries a secret', async () => {
  const secrets = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz_0123456789'), minLength: 12, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(secrets, fc.constantFrom(200, 302, 400, 401, 403, 404, 410, 429, 500), fc.nat(5), async (text, status, which) => {
      const secret = `s${text}`;
      const receiver = await openReceiver(() => ({ status, body: secret }));
      const clock = virtualClock();
      try {
        for (const settings of kinds(secret, receiver.url)) {
          const fault = echo(secret, status)[which];
          if (fault !== undefined) receiver.fail(fault, fault);
          const [notice] = sampleLife;
          const sink = openSink(settings, clock);
          const outcome = await sink.send({ notice: notice!, memory: null, isRetry: false }, new AbortController().signal);
          const refreshed = await sink.refresh?.run([notice!], new AbortController().signal);
          const shown = [outcome, refreshed, settings, sink];
          expect(`${JSON.stringify(shown)} ${inspect(shown, { depth: 9, showHidden: true })}`).not.toContain(secret);
        }
      } finally {
        await receiver.close();
      }
    }),
    { numRuns: 30 },
  );
}); // biome-ignore format: one line each

test('a secret shows nothing of itself', () => {
  const secret = new Secret('hidden');
  expect([`${secret}`, JSON.stringify({ secret }), inspect({ secret }, { showHidden: true }), String(secret)].join()).not.toContain('hidden');
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe('hidden');
}); // biome-ignore format: one line each
