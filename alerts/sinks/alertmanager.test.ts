import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deliver, virtualClock } from '../../test/receivers/deliver.ts';
import { openReceiver, type Receiver } from '../../test/receivers/receiver.ts';
import { sampleEvent, sampleLife, sampleNotice } from '../../test/receivers/sample-notice.ts';
import { openSink } from './open.ts';
import { Secret } from './secret.ts';
import type { AlertmanagerSettings } from './settings.ts';

const { signal } = new AbortController();
const clock = virtualClock();
let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver(({ path }) => ({ status: path === '/prefix/api/v2/alerts' ? 200 : 404 }));
});
afterEach(() => receiver.close());

const sinkWith = (auth: AlertmanagerSettings['auth'] = null) =>
  openSink(
    {
      type: 'alertmanager',
      name: 'am',
      timeoutMs: 5000,
      allowPrivate: ['127.0.0.1'],
      url: `${receiver.url}/prefix`,
      auth,
      refreshMs: 60_000,
    },
    clock,
  );
interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}
const posted = (): Posted[][] => receiver.received.map(({ body }) => JSON.parse(body));

test('labels are those of the first notice, whatever changes later and after a restart, too', async () => {
  const first = await sinkWith().send({ notice: sampleNotice(), memory: null, isRetry: false }, signal);
  const { memory } = first as { memory: unknown };
  const later = sampleNotice({ version: 2, transition: 'updated', event: { ...sampleEvent, signal: 'timeouts', severity: 'info' } });
  const restarted = sinkWith();
  await restarted.send({ notice: later, memory, isRetry: false }, signal);
  await restarted.refresh?.run([later], signal);
  expect(new Set(posted().map(([alert]) => JSON.stringify(alert?.labels))).size).toBe(1);
}); // biome-ignore format: one line each

test('what is open ends four refreshes from now, what is over ends now, and nothing begins after its end', async () => {
  await deliver(sinkWith(), [...sampleLife, sampleNotice({ incident_id: 'inc-ahead', opened_at: '2099-01-01T00:00:00.000Z' })], clock);
  const ends = posted().map(([alert]) => Date.parse(alert?.endsAt ?? '') - clock.nowMs());
  expect(ends).toEqual([240_000, 240_000, 240_000, 240_000, 0, 240_000]);
  for (const [alert] of posted()) expect(Date.parse(alert?.startsAt ?? '')).toBeLessThanOrEqual(Date.parse(alert?.endsAt ?? ''));
}); // biome-ignore format: one line each

test('a refresh tells what is open, in bodies of bounded size, and stops at the first that fails', async () => {
  const open = Array.from({ length: 1201 }, (_, i) => sampleNotice({ incident_id: `inc-${i}` }));
  const digest = sampleNotice({ transition: 'digest', incident_id: 'storm' });
  const { refresh } = sinkWith();
  expect(await refresh?.run([...open, digest, ...sampleLife.slice(-1)], signal)).toEqual({ kind: 'taken' });
  expect(posted().map((alerts) => alerts.length)).toEqual([500, 500, 201]);
  receiver.fail({ status: 200 }, { status: 503 });
  expect(await refresh?.run(open, signal)).toMatchObject({ kind: 'retry' });
  expect(receiver.received).toHaveLength(5);
  expect(await refresh?.run([], signal)).toEqual({ kind: 'taken' });
  expect(receiver.received).toHaveLength(5);
});

test.each([
  [null, undefined],
  [{ username: 'me', password: new Secret('hidden') }, `Basic ${Buffer.from('me:hidden').toString('base64')}`],
  [{ bearerToken: new Secret('hidden') }, 'Bearer hidden'],
])('who we are: %p', async (auth, header) => {
  await deliver(sinkWith(auth), [sampleNotice()], clock);
  expect(receiver.received[0]?.headers['authorization']).toBe(header);
});
