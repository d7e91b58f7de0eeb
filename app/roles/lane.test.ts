import { describe, expect, test } from '@jest/globals';
import { shardOf } from '../../detectors/shard.ts';
import { partitionOfShard } from '../../infra/bus.ts';
import { createMemoryBus } from '../../infra/bus-memory.ts';
import { decodeFragments } from '../../infra/wire.ts';
import { Dictionary, F, FragmentBlock, FragmentKind, U } from '../../ingest/fragment.ts';
import { createStream, START_MS } from '../../test/stream.ts';
import { FragmentSink } from './fragment-sink.ts';
import { Lane, type LaneState } from './lane.ts';

const PARTITIONS = 4;

interface Seen {
  readonly partition: number;
  readonly fn: string;
  readonly tick: string | null;
  readonly timeMs: number;
}

/** What arrives on each partition, in order. */
async function arrived(feed: (lane: Lane, sink: FragmentSink) => void): Promise<Seen[]> {
  const bus = createMemoryBus({ partitions: PARTITIONS });
  const sink = new FragmentSink(bus);
  feed(new Lane('7', sink), sink);
  await sink.settle();
  const seen: Seen[] = [];
  const stop = new AbortController();
  const ends = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const left = new Set(ends);
  await bus.publishToAll([Buffer.from('end')]);
  for await (const { partition, records } of bus.subscribe('test', { signal: stop.signal })) {
    for (const record of records) {
      if (Buffer.from(record).toString() === 'end') {
        left.delete(partition);
        continue;
      }
      const block = decodeFragments(record);
      for (let i = 0; i < block.n; i++) {
        const isTick = (block.u[i * U.stride]! & 0xff) === FragmentKind.tick;
        const isLast = isTick && block.f[i * F.stride + F.a] === 1;
        seen.push({
          partition,
          fn: block.dictionary.text(block.u[i * U.stride + U.fn]!),
          tick: isTick ? block.dictionary.text(block.u[i * U.stride + U.text]!) + (isLast ? ' ends' : '') : null,
          timeMs: block.f[i * F.stride]!,
        });
      }
    }
    if (left.size === 0) stop.abort();
  }
  return seen;
}

/** Ten functions, a call every second. */
function calls(seconds: number): FragmentBlock[] {
  const stream = createStream();
  for (let second = 0; second < seconds; second++) {
    for (let fn = 0; fn < 10; fn++)
      stream.call({ fn: `fn-${fn}`, timeMs: START_MS + second * 1000 + fn, id: second * 10 + fn + 1 });
  }
  return stream.blocks();
}

describe('a lane', () => {
  test('sends each function to its partition and ticks to all, at places that follow from the data alone', async () => {
    const whole = await arrived((lane) => {
      for (const block of calls(95)) lane.take(block);
      lane.end();
    });
    for (const { fn, partition, tick } of whole)
      if (tick === null) expect(partitionOfShard(shardOf(fn), PARTITIONS)).toBe(partition);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const ticks = whole.filter((it) => it.partition === partition && it.tick !== null);
      expect(ticks.map(({ timeMs }) => (timeMs - START_MS) / 1000)).toEqual([
        0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 90,
      ]);
      expect(new Set(ticks.slice(0, -1).map(({ tick }) => tick))).toEqual(new Set(['7']));
      expect(ticks.at(-1)!.tick).toBe('7 ends');
    }
    // cut into single fragments, the same arrives
    const single = await arrived((lane) => {
      for (const block of calls(95)) {
        for (let row = 0; row < block.n; row++) {
          const one = new FragmentBlock(block.dictionary, 1);
          one.f.set(block.f.subarray(row * F.stride, (row + 1) * F.stride));
          one.u.set(block.u.subarray(row * U.stride, (row + 1) * U.stride));
          one.n = 1;
          lane.take(one);
        }
      }
      lane.end();
    });
    expect(single).toEqual(whole);
  });

  test('at the end of what there is, time goes on with the wall clock, but only if the logs are of now', async () => {
    const nowMs = START_MS + 60_000;
    const live = await arrived((lane) => {
      for (const block of calls(30)) lane.take(block);
      lane.tickLive(nowMs, true);
      lane.tickLive(nowMs + 7200_000, true); // silence for hours
    });
    const ticks = live
      .filter(({ partition, tick }) => partition === 0 && tick !== null)
      .map(({ timeMs }) => timeMs - START_MS);
    expect(ticks.slice(-2)).toEqual([50_000, 7_250_000]);
    const history = await arrived((lane) => {
      for (const block of calls(30)) lane.take(block);
      lane.tickLive(nowMs + 30 * 86_400_000, true);
    });
    expect(Math.max(...history.filter(({ tick }) => tick !== null).map(({ timeMs }) => timeMs))).toBeLessThan(
      START_MS + 30_000,
    );
  });

  test('history that was read to its end holds nobody up, until it goes on', async () => {
    const seen = await arrived((lane) => {
      const [first, second] = [calls(30), calls(60)];
      for (const block of first) lane.take(block);
      for (let i = 0; i < 3; i++) lane.tickLive(START_MS + 30 * 86_400_000, true);
      for (const block of second) lane.take(block);
    });
    const ticks = seen.filter(({ partition, tick }) => partition === 0 && tick !== null).map(({ tick }) => tick);
    expect(ticks.filter((tick) => tick === '7 ends')).toHaveLength(1);
    expect(ticks.at(-1)).toBe('7');
  });

  test('a reader that takes over goes on with time where nothing comes any more', async () => {
    const nowMs = START_MS + 60_000;
    const seen = await arrived((lane) => {
      for (const block of calls(30)) lane.take(block);
      lane.tickLive(nowMs, true);
    });
    expect(seen.at(-1)!.timeMs).toBe(nowMs - 10_000);
    let state: LaneState | undefined;
    await arrived((lane) => {
      for (const block of calls(30)) lane.take(block);
      lane.tickLive(nowMs, true);
      state = lane.state;
    });
    const after = await arrived((_lane, sink) => new Lane('7', sink, state).tickLive(nowMs + 600_000, true));
    expect(after.map(({ timeMs, tick }) => [timeMs, tick])).toEqual(
      Array.from({ length: PARTITIONS }, () => [nowMs + 590_000, '7']),
    );
  });

  test('believes no source that lives in the future', async () => {
    const seen = await arrived((lane) => {
      for (const block of calls(30)) lane.take(block);
      lane.tickLive(START_MS - 3600_000, false);
    });
    expect(seen.filter(({ tick }) => tick !== null).every(({ timeMs }) => timeMs <= START_MS + 20_000)).toBe(true);
  });

  test('says nothing of time before there was any', async () => {
    expect(
      await arrived((lane) => {
        lane.tickLive(START_MS, true);
        lane.end();
      }),
    ).toEqual([]);
  });
});

test('another dictionary begins anew', async () => {
  const seen = await arrived((lane) => {
    for (let round = 0; round < 2; round++) {
      const dictionary = new Dictionary();
      if (round === 1) dictionary.id('other');
      const block = new FragmentBlock(dictionary, 1);
      block.u[U.kindFlags] = FragmentKind.report;
      block.u[U.fn] = dictionary.id(`aws/1/-/fn-${round}`);
      block.f[F.time] = START_MS;
      block.n = 1;
      lane.take(block);
    }
  });
  expect(seen.flatMap(({ fn, tick }) => (tick === null ? [fn] : [])).sort()).toEqual(['aws/1/-/fn-0', 'aws/1/-/fn-1']);
});
