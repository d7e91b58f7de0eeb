import { expect, test } from '@jest/globals';
import { deliveryKey } from '../../alerts/notice.ts';
import type { Delivery, Outcome, Sink } from '../../alerts/sinks/sink.ts';
import { noticeOf, stageOf } from './fixtures/deliveries.ts';
import { encodeNotice } from './notices.ts';
import { sinkOutlet } from './outlet.ts';

const told = (n: number, incident: number, version: number) =>
  encodeNotice({ epoch: 'e', n, notice: noticeOf(incident, version), to: ['ours'] });
const asked = (n: number, delivery: string, destination = 'ours') =>
  encodeNotice({ epoch: 'e', n, entry: { kind: 'resend', destination, delivery, by: 'ann' } });

test('what somebody asks for is sent again under its key, marked; a dead letter that arrives is none any more', async () => {
  const got: string[] = [];
  const unknown: string[] = [];
  let answer: Outcome = { kind: 'refused', why: 'no' };
  const send = async ({ notice, isRetry }: Delivery) => {
    got.push(`${deliveryKey(notice)}${isRetry ? ' again' : ''}`);
    return answer;
  };
  const sink: Sink = { name: 'ours', type: 'webhook', send };
  const hooks = { onUnknown: ({ delivery }: { delivery: string }) => void unknown.push(delivery) };
  const stage = stageOf(null, () => sinkOutlet(sink), { hooks });
  await stage.absorb([told(1, 1, 1)], 0);
  expect(stage.state.dead.length).toBe(1);
  answer = { kind: 'taken' };
  await stage.absorb([told(2, 2, 1), told(3, 2, 2), asked(4, 'i1-1'), asked(5, 'i2'), asked(6, 'i2-1')], 1);
  expect(got).toEqual(['i1-1', 'i2-1', 'i2-2', 'i1-1 again', 'i2-2 again', 'i2-1 again']);
  expect(stage.state.dead.length).toBe(0);
  expect(stage.state.unlogged.items.filter(({ isResent }) => isResent).map(({ n }) => n)).toEqual([4, 5, 6]);
  await stage.absorb([asked(6, 'i2-1'), asked(7, 'i9'), asked(8, 'i2', 'theirs')], 6);
  expect(got).toHaveLength(6);
  expect(unknown).toEqual(['i9']);
});

test('an old notice that is sent again does not bring back an incident that is over', async () => {
  const sink: Sink = {
    name: 'ours',
    type: 'alertmanager',
    send: async () => ({ kind: 'taken' }),
    refresh: {
      everyMs: 1000,
      run: async () => ({ kind: 'taken' }),
    },
  };
  const stage = stageOf(null, () => sinkOutlet(sink), {});
  const opened = noticeOf(1, 1);
  const over = { ...noticeOf(1, 2), status: 'resolved' as const, transition: 'resolved' as const };
  const said = (n: number, notice: typeof opened) => encodeNotice({ epoch: 'e', n, notice, to: ['ours'] });
  await stage.absorb([said(1, opened)], 0);
  expect(stage.state.open.items.map(deliveryKey)).toEqual(['i1-1']);
  await stage.absorb([said(2, over), asked(3, 'i1-1')], 1);
  expect(stage.state.open.items).toEqual([]);
});
