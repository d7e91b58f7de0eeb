import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Flag, FragmentKind, U } from '../ingest/fragment.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { blocksOf, copyOf, playBlocks, playRestored, rowsOf, testPipeline } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { createStream, START_MS } from '../test/stream.ts';
import { boundsOf, functionsPerShard } from './bounds.ts';
import { Engine } from './engine.ts';
import { EPOCH_MINUTE, PAGE } from './page.ts';
import { SeenEvents } from './seen.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { SHARDS, type Shard, shardOf } from './shard.ts';
import type { Verdict } from './verdict.ts';

const MINUTE = 60_000;
const keyOf = (fn: string) => `aws/123456789012/-/${fn}`;
const OPTIONS = {
  settings: { ...DEFAULT_SETTINGS, latenessMs: 15 * MINUTE },
  pricesOf: () => DEFAULT_PRICES,
  invocations: 'none' as const,
  records: true,
};

/** An engine that has been watching for three days, so that what is new is news. */
function engineOf(maxFunctions?: number) {
  const verdicts: Verdict[] = [];
  const engine = new Engine({ ...OPTIONS, ...(maxFunctions === undefined ? {} : { maxFunctions }) }, (minute) =>
    verdicts.push(...minute.verdicts),
  );
  const start = START_MS / MINUTE - EPOCH_MINUTE;
  engine.resume(start - 1, START_MS, start - 3 * 1440);
  return { engine, verdicts };
}

describe('a flood of made-up names', () => {
  const NAMES = 200_000;
  const FROM = 180;
  const TO = 230;
  const END = 245;
  const REAL = Array.from({ length: 50 }, (_, i) => `real-${i}`);
  const share = functionsPerShard(2000);

  const story = (flood: number) =>
    play({
      minutes: END,
      fns: REAL,
      perMinute: (_minute, fn) => (fn.endsWith('7') ? 0.2 : 1),
      call: (minute, random, fn) =>
        fn === 'real-3' && minute >= 225 && random() < 0.9 ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' } : {}, // biome-ignore format: a table
      also: (stream, minute) => {
        if (minute < FROM || minute >= TO) return;
        const each = flood / (TO - FROM);
        for (let i = 0; i < each; i++) {
          const name = `made-up-${(minute - FROM) * each + i}`;
          stream.call({ fn: name, timeMs: START_MS + minute * MINUTE + Math.floor((i / each) * 9000), id: 1e6 + i });
        }
      },
    });

  const run = (flood: number) => {
    const { engine, verdicts } = engineOf(share);
    let most = 0;
    for (const block of story(flood)) {
      engine.step(block);
      most = Math.max(most, ...engine.shards.map(({ pages }) => pages.length / PAGE));
    }
    engine.finish();
    return { engine, verdicts, most };
  };
  const calm = run(0);
  const flooded = run(NAMES);
  const sum = (of: (shard: Shard) => number) => flooded.engine.shards.reduce((total, shard) => total + of(shard), 0);
  const ofReal = (verdicts: readonly Verdict[]) => verdicts.filter(({ fn }) => fn.includes('real-'));

  test('takes no more memory than the bound allows', () => {
    expect(Math.max(...flooded.engine.shards.map(({ slots }) => slots.size))).toBeLessThanOrEqual(share);
    expect(flooded.most).toBeLessThanOrEqual(share * 1.0625 + 2);
    for (const shard of flooded.engine.shards) {
      expect(shard.keys.length).toBeLessThanOrEqual(share);
      expect(shard.awake.length).toBeLessThanOrEqual(share);
      expect(shard.cells.size).toBe(0); // everything was graded or stored
      expect(shard.droppedAt.size + shard.observations.live().length).toBe(0);
    }
  });

  test('leaves real functions what they know, bit for bit, and finds the incident among them', () => {
    for (const fn of REAL) {
      const pageOf = ({ engine }: typeof calm) => {
        const { shard, slot } = engine.host(keyOf(fn));
        return shard.words.slice(slot * PAGE, (slot + 1) * PAGE);
      };
      expect(Buffer.from(pageOf(flooded).buffer).equals(Buffer.from(pageOf(calm).buffer))).toBe(true);
    }
    expect(ofReal(flooded.verdicts).filter(({ severity }) => severity !== 'info')).toEqual(
      ofReal(calm.verdicts).filter(({ severity }) => severity !== 'info'),
    );
    expect(ofReal(flooded.verdicts)).toContainEqual(
      expect.objectContaining({ event: 'opened', signal: 'errors', fn: keyOf('real-3') }),
    );
  });

  test('is counted, every call of it is stored, and it is not announced name by name', () => {
    const known = sum(({ slots }) => slots.size);
    expect(sum(({ dropped }) => dropped.functions)).toBe(NAMES + REAL.length - known);
    const stored = flooded.engine.rows.minutes.reduce((total, row) => total + row.invocations, 0);
    expect(stored).toBe(sum(({ calls }) => calls));
    const keys = flooded.engine.rows.minutes.map((row) => `${row.fn} ${row.minuteMs} ${row.patch}`);
    expect(new Set(keys).size).toBe(keys.length); // none replaces another
    const announced = flooded.verdicts.filter(({ detail }) => detail?.startsWith('first-seen') === true).length;
    expect(announced).toBeLessThanOrEqual(8 * SHARDS * 5);
    expect(announced).toBeGreaterThan(0);
    // the rest was graded and held back, or forgotten before its minute was over
    expect(sum(({ dropped }) => dropped.unsaid)).toBeGreaterThan(0);
  });
});

test('a function that comes back begins anew, and copies of its events are still known', () => {
  const { engine } = engineOf(1);
  const fns = Array.from({ length: 3000 }, (_, i) => `fn-${i}`).filter((fn) => shardOf(keyOf(fn)) === 38);
  const stream = createStream();
  const [first = '', second = ''] = fns;
  const call = (fn: string, id: number, minute: number) => stream.call({ fn, id, timeMs: START_MS + minute * MINUTE });
  for (const [i, fn] of [first, second, first].entries()) call(fn, i + 1, i);
  call(first, 1, 0); // seen before: START and REPORT
  for (const block of stream.blocks()) engine.step(block);
  const shard = engine.shards[38]!;
  expect([...shard.slots.keys()]).toEqual([keyOf(first)]);
  expect([shard.calls, shard.duplicates, shard.dropped.functions]).toEqual([3, 2, 2]);
});

describe('who is forgotten', () => {
  /** A full shard of which `slots` says who is known; the newcomer makes one of them go. */
  function after(minutes: number, callsOf: (minute: number, fn: string) => number, names: readonly string[]) {
    const { engine } = engineOf(names.length);
    const all = Array.from({ length: 9000 }, (_, i) => `fn-${i}`).filter((fn) => shardOf(keyOf(fn)) === 38);
    const nameOf = new Map(names.map((name, i) => [keyOf(all[i]!), name]));
    const fns = all.slice(0, names.length);
    const plan = play({
      minutes,
      fns,
      ticks: (minute) => minute % 10 === 9,
      perMinute: (minute, fn) => callsOf(minute, nameOf.get(keyOf(fn))!),
    });
    for (const block of plan) engine.step(block);
    const { shard } = engine.host(keyOf(all[names.length]!));
    return names.filter((name) => ![...shard.slots.keys()].some((key) => nameOf.get(key) === name));
  }

  test('the one that was called least, not the one that is silent now', () => {
    const calls = (minute: number, fn: string) => (fn === 'job' ? (minute % 240 < 2 ? 3 : 0) : minute > 700 ? 1 : 0);
    expect(after(710, calls, ['job', 'newcomer'])).toEqual(['newcomer']);
  });

  test('the one that is gone for long, not the one whose gaps are its habit', () => {
    const DAYS = 1440;
    const calls = (minute: number, fn: string) =>
      fn === 'daily' ? (minute % DAYS < 3 ? 2 : 0) : fn === 'gone' ? (minute < 300 ? 20 : 0) : 0.001;
    expect(after(20 * DAYS, calls, ['daily', 'gone'])).toEqual(['gone']);
  }, 120_000);
});

describe('cut and restored anywhere, the same are forgotten at the same moment', () => {
  const fns = Array.from({ length: 3000 }, (_, i) => `fn-${i}`)
    .filter((fn) => [38, 56].includes(shardOf(keyOf(fn))))
    .slice(0, 24);
  const limits = { functions: 64 };
  const rows = rowsOf(
    play({
      minutes: 60,
      fns,
      perMinute: (minute, fn) => ((minute + fns.indexOf(fn)) % 12 === 0 ? 3 : 0.1),
      call: (minute, random) =>
        random() < 0.3
          ? { flags: Flag.failed | Flag.statusKnown, errorType: `Boom${minute % 7}`, version: String(minute >> 4) }
          : {},
      also: (stream, minute) =>
        stream.add(FragmentKind.start, fns[minute % 24]!, START_MS + minute * MINUTE, 5e6 + minute),
    }),
  );
  const whole = playBlocks(blocksOf(rows), { limits });

  test('the story meets the bound', () => {
    expect(functionsPerShard(limits.functions)).toBeLessThan(12);
    expect(whole.totals.evicted).toBeGreaterThan(50);
    expect(whole.minutes.reduce((sum, row) => sum + row.invocations, 0)).toBe(whole.totals.invocations);
    expect(whole.invocations.length).toBeGreaterThanOrEqual(whole.totals.invocations);
  });

  test('outputs', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(rows.length - 2), { minLength: 1, maxLength: 4 }), (ends) => {
        const sorted = [...new Set(ends)].sort((a, b) => a - b);
        const parts = [0, ...sorted.map((end) => end + 1)].flatMap((from, i) => {
          const to = sorted[i] === undefined ? rows.length : sorted[i] + 1;
          return blocksOf(rows.slice(from, to), to - from);
        });
        expect(playRestored(parts, new Set(sorted.map((_, i) => i)), { limits })).toEqual(whole);
      }),
      { numRuns: 6 },
    );
  });

  test('and states, byte for byte', () => {
    const blocks = blocksOf(rows, 50);
    const original = testPipeline({ limits });
    let restored = testPipeline({ limits });
    for (const block of blocks) {
      original.step(copyOf(block));
      restored.step(copyOf(block));
      restored.drain();
      restored = testPipeline({ limits, restored: restored.snapshot() });
    }
    original.drain();
    expect(restored.snapshot()).toEqual(original.snapshot());
  });
});

describe('one function with more than everything else', () => {
  const bounds = boundsOf(1);
  const one = () => engineOf(1);
  const shardOne = (engine: Engine) => engine.shards[shardOf(keyOf('hot'))]!;

  test('STARTs that never report, and failures', () => {
    const { engine } = one();
    const stream = createStream();
    for (let i = 0; i < 12_000; i++) {
      stream.add(FragmentKind.start, 'hot', START_MS + i, 1 + i);
      stream.add(FragmentKind.failure | Flag.failed, 'hot', START_MS + i, 1e6 + i, (block, _f, u) => {
        block.u[u + U.text] = block.dictionary.id(`made-up error ${i}`);
      });
    }
    for (const block of stream.blocks()) engine.step(block);
    const shard = shardOne(engine);
    expect([shard.starts.size, shard.failures.size]).toEqual([bounds.attempts, bounds.attempts]);
    expect(shard.dropped.attempts).toBe(2 * (12_000 - bounds.attempts));
    expect(shard.partial).toBe(12_000 - bounds.attempts);
    expect(shard.texts.size).toBeLessThanOrEqual(4096);
    const [[, evidence] = [0, null]] = shard.evidence.entries();
    expect(Object.values(evidence ?? {}).every((list) => list.length <= 5)).toBe(true);
  });

  test('rows that wait', () => {
    const pipeline = testPipeline({ limits: { functions: 1 } });
    const stream = createStream();
    for (let i = 0; i < 12_000; i++) stream.call({ fn: 'hot', timeMs: START_MS + i, id: 1 + i });
    for (const block of stream.blocks()) pipeline.step(block);
    expect(pipeline.totals().earlyRows).toBe(12_000 - bounds.pending);
    pipeline.finish();
    expect(new Set(pipeline.drain().invocations.map(({ invocationId }) => invocationId)).size).toBe(12_000);
  });

  test('windows of the future', () => {
    const { engine } = one();
    const stream = createStream();
    for (let i = 0; i < 12_000; i++) stream.call({ fn: 'hot', timeMs: START_MS + i * 60 * MINUTE, id: 1 + i });
    for (const block of stream.blocks()) engine.step(block);
    const shard = shardOne(engine);
    expect(shard.cells.size).toBeLessThanOrEqual(bounds.windows);
    expect(shard.dropped.windows).toBeGreaterThanOrEqual(12_000 - bounds.windows);
    engine.finish();
    expect(engine.rows.minutes.reduce((sum, row) => sum + row.invocations, 0)).toBe(12_000);
  });
});

test('events are remembered up to a bound: the oldest generation goes first, and is counted', () => {
  const seen = new SeenEvents(1000, 100);
  for (let i = 0; i < 300; i++) seen.add(i * 20, i + 1, 7); // 50 a generation
  expect(seen.size).toBeLessThanOrEqual(100);
  expect(seen.forgotten).toBe(300 - seen.size);
  expect(seen.add(299 * 20, 300, 7)).toBe(false);
  expect(seen.add(0, 1, 7)).toBe(true);
  const one = new SeenEvents(1000, 100); // more in a generation than the bound allows
  for (let i = 0; i < 250; i++) one.add(0, i + 1, 7);
  expect([one.size, one.forgotten]).toEqual([48, 202]);
});

test('a shard has room for uneven hashing', () => {
  expect(functionsPerShard(500_000)).toBe(2442);
  for (const limit of [256, 2000, 50_000]) {
    const counts = new Array<number>(SHARDS).fill(0);
    for (let i = 0; i < limit; i++) counts[shardOf(keyOf(`orders-${i}-prod`))]!++;
    expect(Math.max(...counts)).toBeLessThanOrEqual(functionsPerShard(limit));
  }
});
