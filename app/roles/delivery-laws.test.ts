import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deliveryKey, type Notice } from '../../alerts/notice.ts';
import type { Delivery, Outcome, Sink } from '../../alerts/sinks/sink.ts';
import type { DeliveryStage } from './delivery-stage.ts';
import { noticeOf, stageOf } from './fixtures/deliveries.ts';
import { encodeNotice } from './notices.ts';
import { sinkOutlet } from './outlet.ts';

interface Said {
  readonly notice: Notice;
  readonly to: readonly string[];
}

/** Notices of a few incidents, each in the order of its versions, some of them for others. */
const outbox = fc
  .array(fc.record({ incident: fc.nat(3), isOurs: fc.boolean() }), { minLength: 1, maxLength: 25 })
  .map((picks) => {
    const versions = new Map<number, number>();
    return picks.map(({ incident, isOurs }): Said => {
      const version = (versions.get(incident) ?? 0) + 1;
      versions.set(incident, version);
      return { notice: noticeOf(incident, version), to: isOurs ? ['ours', 'theirs'] : ['theirs'] };
    });
  });

/** What the receiver does with an attempt, and whether the process dies after it, before it can say anything. */
const behaviour = fc.array(
  fc.record({
    does: fc.constantFrom('take', 'take', 'take', 'lose the answer', 'fail', 'refuse', 'close') as fc.Arbitrary<
      'take' | 'lose the answer' | 'fail' | 'refuse' | 'close'
    >,
    dies: fc.integer({ min: 0, max: 9 }).map((n) => n < 2),
  }),
  { maxLength: 60 },
);

class Died extends Error {}

interface Got {
  readonly key: string;
  readonly isRetry: boolean;
  readonly does: string;
  readonly memory: unknown;
}

function receiver(plan: readonly { does: string; dies: boolean }[]) {
  const got: Got[] = [];
  let turn = 0;
  const sink: Sink = {
    name: 'ours',
    type: 'webhook',
    async send({ notice, isRetry, memory }: Delivery): Promise<Outcome> {
      const { does, dies } = plan[turn++] ?? { does: 'take', dies: false };
      got.push({ key: deliveryKey(notice), isRetry, does, memory });
      if (dies) throw new Died();
      if (does === 'take') return { kind: 'taken', memory: { seen: deliveryKey(notice) } };
      if (does === 'refuse') return { kind: 'refused', why: 'no' };
      if (does === 'close') return { kind: 'closed', why: 'gone' };
      return { kind: 'retry', why: 'later', afterMs: 0 };
    },
  };
  return { sink, got };
}

/** Runs processes one after the other on the same records until all are handled. Each saves when it is urgent, as `Stages` does. */
async function deliverAll(records: readonly Uint8Array[], sink: Sink, cuts: readonly number[]) {
  let saved: Map<string, Uint8Array> | null = null;
  let savedOffset = 0;
  for (let processes = 0; processes < 200; processes++) {
    const stage: DeliveryStage = stageOf(saved, () => sinkOutlet(sink));
    if (saved === null) saved = await stage.begin();
    try {
      for (let offset = savedOffset; offset < records.length; offset++) {
        await stage.absorb([records[offset] as Uint8Array], offset);
        if (!stage.isUrgent && !cuts.includes(offset)) continue;
        saved = stage.snapshot();
        savedOffset = offset + 1;
      }
      return stage;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  }
  throw new Error('it never ends');
}

const recordsOf = (said: readonly Said[]) => said.map((it, i) => encodeNotice({ epoch: 'e', n: i + 1, ...it }));

describe('whatever a destination answers, and wherever the process dies', () => {
  const cuts = fc.uniqueArray(fc.nat(24));

  test('it is sent each notice that names it at least once, in order, under its key, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(outbox, behaviour, cuts, async (said, plan, saves) => {
        const { sink, got } = receiver(plan);
        await deliverAll(recordsOf(said), sink, saves);
        const due = said.filter(({ to }) => to.includes('ours')).map(({ notice }) => deliveryKey(notice));
        const firsts = [...new Set(got.map(({ key }) => key))];
        expect(firsts).toEqual(due);
        // the next is not begun before the one before is over: what comes again is always the last
        const steps = got.filter(({ key }, i) => i === 0 || key !== got[i - 1]?.key);
        expect(steps.map(({ key }) => key)).toEqual(due);
      }),
      { numRuns: 300 },
    );
  });

  test('what may have arrived before is marked, and what was remembered of the incident comes with it', async () => {
    await fc.assert(
      fc.asyncProperty(outbox, behaviour, cuts, async (said, plan, saves) => {
        const { sink, got } = receiver(plan);
        await deliverAll(recordsOf(said), sink, saves);
        const taken = new Map<string, string>();
        for (const [i, { key, isRetry, memory }] of got.entries()) {
          const isAgain = got.slice(0, i).some((earlier) => earlier.key === key);
          if (isAgain) expect({ key, isRetry }).toEqual({ key, isRetry: true });
          const incident = key.slice(0, key.indexOf('-'));
          if (!isAgain) expect(memory).toEqual(taken.has(incident) ? { seen: taken.get(incident) } : null);
          const { does, dies } = plan[i] ?? { does: 'take', dies: false };
          if (does === 'take' && !dies) taken.set(incident, key);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('what is refused is a dead letter, all else is delivered, and each has one row in the log', async () => {
    await fc.assert(
      fc.asyncProperty(outbox, behaviour, async (said, plan) => {
        const { sink, got } = receiver(plan.map((it) => ({ ...it, dies: false })));
        const stage = await deliverAll(recordsOf(said), sink, []);
        const ended = got.filter(({ does }) => does === 'take' || does === 'refuse');
        const keysOf = (does: string) => ended.filter((it) => it.does === does).map(({ key }) => key);
        const { dead, recent, unlogged } = stage.state;
        expect(dead.items.map(({ notice }) => deliveryKey(notice))).toEqual(keysOf('refuse'));
        expect(recent.items.map(({ notice }) => deliveryKey(notice))).toEqual(keysOf('take'));
        const logged = unlogged.items.map(({ incidentId, version, outcome }) => `${incidentId}-${version} ${outcome}`);
        expect(logged).toEqual(ended.map(({ key, does }) => `${key} ${does === 'take' ? 'delivered' : 'dead'}`));
      }),
      { numRuns: 100 },
    );
  });
});
