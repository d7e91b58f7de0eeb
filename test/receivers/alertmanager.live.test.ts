import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Notice } from '../../alerts/notice.ts';
import { openSink } from '../../alerts/sinks/open.ts';
import type { Sink } from '../../alerts/sinks/sink.ts';
import { type Alertmanager, startAlertmanager, until } from './alertmanager.ts';
import { sampleEvent, sampleNotice } from './sample-notice.ts';

const { signal } = new AbortController();
const REFRESH_MS = 1000; // alerts end four of these after the last refresh

let manager: Alertmanager;
let sink: Sink;
beforeAll(async () => {
  manager = await startAlertmanager();
  const settings = { name: 'am', timeoutMs: 5000, allowPrivate: ['127.0.0.1'], url: manager.url, auth: null };
  sink = openSink({ ...settings, type: 'alertmanager', refreshMs: REFRESH_MS }, { nowMs: Date.now });
});
afterAll(() => manager.close());

const of = (incident: string, name: string, otherwise: Partial<Notice> = {}): Notice => {
  const at = new Date().toISOString();
  const event = { ...sampleEvent, function: { ...sampleEvent.function, name } };
  return sampleNotice({ incident_id: incident, at, opened_at: at, event, ...otherwise });
};
const send = (notice: Notice) => sink.send({ notice, memory: null, isRetry: false }, signal);
const known = async (incident: string) =>
  (await manager.alerts()).find(({ labels }) => labels['incident_id'] === incident);
const resolved = (incident: string) =>
  manager
    .told()
    .some(({ alerts }) => alerts.some((it) => it.status === 'resolved' && it.labels['incident_id'] === incident));

test('a real Alertmanager receives, groups, keeps and resolves incidents', async () => {
  const a = of('inc-a', 'checkout');
  const b = of('inc-b', 'checkout', { event: { ...a.event, signal: 'duration' } });
  const c = of('inc-c', 'mailer');
  for (const notice of [a, b, c]) expect(await send(notice)).toMatchObject({ kind: 'taken' });
  await until('a message of two grouped alerts', () => manager.told().some(({ alerts }) => alerts.length === 2));
  const group = manager.told().find(({ alerts }) => alerts.length === 2);
  expect(group?.groupLabels).toEqual({ function: 'checkout' });
  expect(await manager.alerts()).toHaveLength(3);

  const before = await known('inc-a');
  const worse = { ...a, version: 2, transition: 'updated' as const, event: { ...a.event, severity: 'error' as const, signal: 'timeouts' as const } };
  expect(await send(worse)).toMatchObject({ kind: 'taken' });
  await until('the update', async () => (await known('inc-a'))?.annotations['severity'] === 'error');
  expect((await known('inc-a'))?.fingerprint).toBe(before?.fingerprint); // changed, not another one
  expect(await manager.alerts()).toHaveLength(3);

  // c is not refreshed and ends by itself; a and b outlive it
  await until('the end of what is not refreshed', async () => {
    expect(await sink.refresh?.run([worse, b], signal)).toEqual({ kind: 'taken' });
    return resolved('inc-c');
  });
  expect(new Set((await manager.alerts()).map(({ labels }) => labels['incident_id']))).toEqual(new Set(['inc-a', 'inc-b']));
  expect(Date.parse((await known('inc-a'))?.endsAt ?? '')).toBeGreaterThan(Date.parse(before?.endsAt ?? ''));

  for (const notice of [worse, b]) {
    const over = { ...notice, version: 3, transition: 'resolved' as const, status: 'resolved' as const };
    expect(await send(over)).toMatchObject({ kind: 'taken' });
  }
  await until('both are told to be over', () => resolved('inc-a') && resolved('inc-b'));
  expect(await manager.alerts()).toEqual([]);
}); // biome-ignore format: one step a line
