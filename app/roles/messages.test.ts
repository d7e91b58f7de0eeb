import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FleetMerge, type MergeState, type PartitionSaid, type PartitionStep } from '../../alerts/fleet-merge.ts';
import type { EngineMinute } from '../../detectors/engine.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { WireError } from '../../infra/wire-bytes.ts';
import { START_MS } from '../../test/stream.ts';
import { verdict } from '../../test/verdicts.ts';
import { decodeRejects, decodeSaid, encodeRejects, encodeSaid } from './messages.ts';

const MINUTE_MS = 60_000;

/** A minute of a partition with verdicts to tell it by. */
const minuteOf = (partition: number, n: number, verdicts: number): PartitionStep => ({
  n,
  minuteMs: n * MINUTE_MS,
  watermarkMs: (n + 1) * MINUTE_MS,
  verdicts: Array.from({ length: verdicts }, (_, i) =>
    verdict(`p${partition}-${n}-${i}`, n, { atMs: START_MS + n * MINUTE_MS + i }),
  ),
  pulses: [{ account: 'aws/1', expected: n, observed: partition, functions: verdicts }],
  tested: 1 + verdicts,
});

/** All that a partition says, cut as its workers happened to cut it: `cuts` are limits of bytes, one a message. */
function recordsOf(partition: number, steps: readonly PartitionStep[], cuts: readonly number[]): Uint8Array[] {
  return steps.flatMap((step, i) =>
    encodeSaid(
      { partition, epoch: 'a', last: step.n, watermarkMs: step.watermarkMs, steps: [step] },
      cuts[i % cuts.length],
    ),
  );
}

describe('what the fleet stage hears', () => {
  const minutes = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 });
  const cut = fc.array(fc.constantFrom(1, 900, 2000, 500_000), { minLength: 1, maxLength: 3 });
  // where a worker ends, what it published being refused or not, and how far back the next one begins
  const worker = fc.record({
    cut,
    records: fc.nat({ max: 25 }),
    back: fc.nat({ max: 4 }),
    refused: fc.nat({ max: 3 }),
  });

  test('is the same however it is cut, refused, repeated from any earlier point, and the stage restarted between any two', () => {
    let missed = 0;
    let repeated = 0;
    let partials = 0;
    fc.assert(
      fc.property(
        minutes,
        fc.array(worker, { maxLength: 4 }),
        cut,
        fc.boolean(),
        (sizes, workers, lastCut, restarts) => {
          const steps = [0, 1].map((partition) => sizes.map((size, i) => minuteOf(partition, i + 1, size)));
          const [whole, heard] = [[] as EngineMinute[], [] as EngineMinute[]];
          const plain = new FleetMerge(2, (minute) => void whole.push(minute));
          for (const [partition, own] of steps.entries())
            plain.hear({ partition, epoch: 'a', last: own.length, watermarkMs: own.at(-1)!.watermarkMs, steps: own });

          let merge = new FleetMerge(2, (minute) => void heard.push(minute));
          const hear = (record: Uint8Array) => {
            merge.hear(decodeSaid(record) as PartitionSaid);
            if (!restarts) return;
            const { partitions } = merge.state();
            if (partitions.some(([, { partial }]) => partial !== null)) partials++;
            const state = decodeMessage(encodeMessage('state', 0, merge.state()), 'state') as MergeState;
            const [gaps, again] = [merge.gaps, merge.repeated];
            merge = new FleetMerge(2, (minute) => void heard.push(minute));
            merge.restore(state);
            merge.gaps = gaps;
            merge.repeated = again;
          };
          for (const partition of [0, 1])
            hear(encodeSaid({ partition, epoch: 'a', last: 0, watermarkMs: Number.NEGATIVE_INFINITY, steps: [] })[0]!);
          let from = 0;
          for (const { cut: cuts, records, back, refused } of workers) {
            const all = recordsOf(0, steps[0]!.slice(from), cuts).slice(0, records);
            // one is refused, and what was on its way behind it arrives
            for (const [i, record] of all.entries()) if (refused === 0 || i !== all.length - refused) hear(record);
            const { last } = merge.state().partitions.find(([partition]) => partition === 0)![1];
            from = Math.max(0, last - back);
          }
          for (const record of recordsOf(1, steps[1]!, lastCut)) hear(record);
          for (const record of recordsOf(0, steps[0]!.slice(from), lastCut)) hear(record);
          expect(heard).toEqual(whole);
          missed += merge.gaps;
          repeated += merge.repeated;
        },
      ),
      { numRuns: 60 },
    );
    expect([missed, repeated, partials].every((count) => count > 5)).toBe(true);
  });

  test('of a storm is told in records that any broker takes', () => {
    const step = minuteOf(0, 1, 31_000);
    const records = encodeSaid({ partition: 0, epoch: 'a', last: 1, watermarkMs: step.watermarkMs, steps: [step] });
    expect(records.length).toBeGreaterThan(10);
    for (const record of records) expect(jsonBytes(record)).toBeLessThan(600_000);
    const heard: EngineMinute[] = [];
    const merge = new FleetMerge(1, (minute) => void heard.push(minute));
    for (const record of records) merge.hear(decodeSaid(record) as PartitionSaid);
    expect(heard.map(({ verdicts, pulses }) => [verdicts.length, pulses])).toEqual([[31_000, step.pulses]]);
  });

  test.each([
    { name: 'no epoch', body: { partition: 0, last: 1, watermarkMs: 0, steps: [] } },
    {
      name: 'no number',
      body: { partition: 0, epoch: 'a', last: 1, watermarkMs: 0, steps: [{ verdicts: [], pulses: [] }] },
    },
    { name: 'a step that is null', body: { partition: 0, epoch: 'a', last: 1, watermarkMs: 0, steps: [null] } },
    {
      name: 'half a piece',
      body: { partition: 0, epoch: 'a', last: 1, watermarkMs: 0, steps: [{ n: 1, verdicts: [], pulses: [], of: 2 }] },
    },
  ])('is refused with $name', ({ body }) => {
    expect(() => decodeSaid(encodeMessage('verdicts', 0, body))).toThrow(WireError);
  });
});

test('dead letters of a flood are cut into records that any broker takes', () => {
  const rejects = Array.from({ length: 10_000 }, (_, i) => ({
    reason: 'no JSON',
    origin: `file-${i}`,
    offset: i,
    line: i,
    excerpt: i % 100 === 0 ? 'x'.repeat(20_000) : 'x'.repeat(120),
  }));
  const records = encodeRejects(rejects);
  for (const record of records) expect(jsonBytes(record)).toBeLessThan(600_000);
  const decoded = records.map((record) => decodeRejects(record));
  expect(Math.max(...decoded.map(({ length }) => length))).toBeLessThanOrEqual(500);
  expect(decoded.flat()).toEqual(rejects);
  expect(encodeRejects([])).toEqual([]);
});

const jsonBytes = (record: Uint8Array): number =>
  record[0] === 1 ? inflateRawSync(record.subarray(1)).length : record.length;
