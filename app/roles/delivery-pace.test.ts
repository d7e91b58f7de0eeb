import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deliveryKey, isPressing, type Notice } from '../../alerts/notice.ts';
import { paceOf } from '../../alerts/sinks/pace.ts';
import type { Delivery, Sink } from '../../alerts/sinks/sink.ts';
import type { DeliveryStage } from './delivery-stage.ts';
import { noticeOf, stageOf, virtualClock } from './fixtures/deliveries.ts';
import { encodeNotice } from './notices.ts';
import { sinkOutlet } from './outlet.ts';

const PACE = { everyMs: 1000, burst: 3 };
const REST_MS = 5000;

class Died extends Error {}

interface Got {
  readonly key: string;
  readonly atMs: number;
  readonly isRetry: boolean;
}

/** A destination that takes one a second, and a process that dies after the sends of these numbers. */
function pacedWorld(dies: readonly number[]) {
  const clock = virtualClock();
  const got: Got[] = [];
  const open = () => {
    const pace = paceOf({ ...PACE, nowMs: clock.nowMs, wait: clock.wait });
    const sink: Sink = {
      name: 'ours',
      type: 'slack',
      pauseMs: (notice) => pace.pauseMs(isPressing(notice)),
      async send({ notice, isRetry }: Delivery, signal) {
        await pace.take(isPressing(notice), signal);
        got.push({ key: deliveryKey(notice), atMs: clock.nowMs(), isRetry });
        if (dies.includes(got.length)) throw new Died();
        return { kind: 'taken' };
      },
    };
    return sinkOutlet(sink);
  };
  return { clock, got, open };
}

type World = ReturnType<typeof pacedWorld>;

/** A record comes, what is held back is sent, or a record comes after a rest. */
type Turn = 'comes' | 'goes' | 'rest';

/** As `Stages` hosts it: what is urgent is saved before the next record. */
async function deliverAll(said: readonly Notice[], { clock, open }: World, turns: readonly Turn[]) {
  const records = said.map((notice, i) => encodeNotice({ epoch: 'e', n: i + 1, notice, to: ['ours'] }));
  let saved: Map<string, Uint8Array> | null = null;
  let savedOffset = 0;
  let turn = 0;
  for (let processes = 0; processes < 100; processes++) {
    const stage: DeliveryStage = stageOf(saved, open, { clock });
    saved ??= await stage.begin();
    let offset = savedOffset;
    try {
      while (offset < records.length || stage.heldBack > 0) {
        const next = offset === records.length ? 'goes' : stage.heldBack === 0 ? 'comes' : turns[turn++ % turns.length];
        if (next === 'rest') await clock.wait(REST_MS, new AbortController().signal);
        if (next === 'goes') await stage.drainOne();
        else await stage.absorb([records[offset] as Uint8Array], offset++);
        if (!stage.isUrgent) continue;
        saved = stage.snapshot();
        savedOffset = offset;
      }
      return;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  }
  throw new Error('it never ends');
}

/** Notices of a few incidents, which open, change, end and come back. */
const story = fc
  .array(fc.record({ incident: fc.nat(6), next: fc.constantFrom('updated', 'resolved', 'reopened', 'reopened') }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((picks) => {
    const versions = new Map<number, number>();
    return picks.map(({ incident, next }): Notice => {
      const version = (versions.get(incident) ?? 0) + 1;
      versions.set(incident, version);
      const notice = noticeOf(incident, version);
      return version === 1 ? notice : { ...notice, transition: next as Notice['transition'] };
    });
  });
const turns = fc.array(fc.constantFrom<Turn>('comes', 'comes', 'goes', 'rest'), { minLength: 1, maxLength: 30 });

describe('a destination with a rate', () => {
  test('is sent all at least once, each incident in its order, what may have arrived marked, nothing else', async () => {
    const deaths = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(story, turns, deaths, async (said, when, dies) => {
        const world = pacedWorld(dies);
        await deliverAll(said, world, when);
        const firsts = [...new Set(world.got.map(({ key }) => key))];
        expect(new Set(firsts)).toEqual(new Set(said.map(deliveryKey)));
        const ofIncident = (keys: readonly string[], id: string) => keys.filter((key) => key.startsWith(`${id}-`));
        for (const { incident_id: id } of said)
          expect(ofIncident(firsts, id)).toEqual(ofIncident(said.map(deliveryKey), id));
        for (const [i, { key, isRetry }] of world.got.entries())
          if (world.got.slice(0, i).some((earlier) => earlier.key === key))
            expect({ key, isRetry }).toEqual({ key, isRetry: true });
        expect(world.got.length).toBeLessThanOrEqual(said.length + dies.length);
      }),
      { numRuns: 500 },
    );
  });

  test('hears of what opens before all that is not pressing, at once while the burst lasts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 60 }),
        fc.nat(3),
        fc.integer({ min: 1, max: 8 }),
        async (waiting, since, opening) => {
          const world = pacedWorld([]);
          const changes = Array.from({ length: waiting }, (_, i) => noticeOf(100 + i, 2));
          const opened = Array.from({ length: opening }, (_, i) => noticeOf(i, 1));
          // the first is sent at once, a few more before the others open; the first two need no turn
          const when = [
            ...Array(waiting - 2).fill('comes'),
            ...Array(since).fill('goes'),
            ...Array(opening).fill('comes'),
            false,
          ];
          await deliverAll([...changes, ...opened], world, when);
          const places = opened.map((notice) => world.got.findIndex(({ key }) => key === deliveryKey(notice)));
          expect(places).toEqual(opened.map((_, i) => since + 1 + i));
          const before = world.got[since] as Got;
          const waited = places.map((place) => (world.got[place] as Got).atMs - before.atMs);
          expect(waited).toEqual(opened.map((_, i) => Math.max(0, i + 2 - PACE.burst) * PACE.everyMs));
        },
      ),
    );
  });

  test('hears of what is critical, and of many at once, before the others that open', async () => {
    const world = pacedWorld([]);
    const others = Array.from({ length: 20 }, (_, i) => noticeOf(i, 1));
    const worst = noticeOf(50, 1);
    const critical: Notice = { ...worst, event: { ...worst.event, severity: 'critical' } };
    const digest = { ...noticeOf(60, 1), transition: 'digest', digest: { incidents: 100 } } as Notice;
    await deliverAll([...others, critical, digest], world, Array(20).fill('comes').concat(false));
    const places = [critical, digest].map((notice) => world.got.findIndex(({ key }) => key === deliveryKey(notice)));
    expect(places).toEqual([PACE.burst, PACE.burst + 1]); // behind those that went at once
    expect(world.got).toHaveLength(22);
  });

  test('is never sent more than its burst at once, and no more than its rate after that', async () => {
    await fc.assert(
      fc.asyncProperty(story, turns, async (said, when) => {
        const world = pacedWorld([]);
        await deliverAll(said, world, when);
        for (const [i, { atMs }] of world.got.entries()) {
          const before = world.got[i - PACE.burst];
          if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(PACE.everyMs);
        }
      }),
    );
  });

  test('that has none any more, by another config, is told what was held back first', async () => {
    const { clock, open, got } = pacedWorld([]);
    const stage = stageOf(null, open, { clock });
    const record = (n: number, version: number) =>
      encodeNotice({ epoch: 'e', n, notice: noticeOf(1, version), to: ['ours'] });
    await stage.absorb([record(1, 1), record(2, 2), record(3, 3)], 0);
    expect(stage.heldBack).toBe(2);
    const { pauseMs: _, ...sink } = open();
    const next = stageOf(stage.snapshot(), () => sink, { clock });
    await next.absorb([record(4, 4)], 3);
    expect([next.heldBack, got.map(({ key }) => key)]).toEqual([0, ['i1-1', 'i1-2', 'i1-3', 'i1-4']]);
  });

  test('does not read ahead without end', async () => {
    const world = pacedWorld([]);
    const stage = stageOf(null, world.open, { clock: world.clock });
    for (let i = 0; i < 500; i++)
      await stage.absorb([encodeNotice({ epoch: 'e', n: i + 1, notice: noticeOf(i, 2), to: ['ours'] })], i);
    expect(stage.heldBack).toBeLessThanOrEqual(200);
    expect(stage.heldBack + world.got.length).toBe(500);
  });
});
