import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Flag } from '../ingest/fragment.ts';
import { loud, playBlocks, testPipeline } from '../test/pipeline.ts';
import { type Plan, play } from '../test/play.ts';
import { START_MS, seeded } from '../test/stream.ts';
import { Graded, type MinuteOf } from '../test/view.ts';
import { createCalendar } from './calendar.ts';
import { learnTails, noteWindow, TAILS } from './calibrate.ts';
import { P, PAGE } from './page.ts';
import { shardOf } from './shard.ts';
import { takeHour } from './slow.ts';

const DAY = 1440;
const calendar = createCalendar('UTC');

/**
 * What learning writes, by name. Left out of the page are: who the function is and when it was seen (`version` to
 * `lastSeen`, `content`, `types`), the ring and open incidents, which hold the stretch until it has passed, `total` and
 * `age`, which count calls and minutes lived, and `recurring`, `unrest` and `streak`: habits are learnt of incidents.
 */
const LEARNT: Readonly<Record<string, readonly [from: number, to: number]>> = {
  level: [P.levelSum, P.levelMinutes + 1],
  gaps: [P.gaps, P.gaps + 3],
  longestGap: [P.longestGap, P.longestDue + 1],
  profile: [P.profileSum, P.driftSum],
  today: [P.driftSum, P.spare],
  dispersion: [P.disp, P.guard1],
  guards: [P.guard1, P.blocks],
  blocks: [P.blocks, P.blocks + 1],
  moments: [P.dur, P.bad],
  bad: [P.bad, P.cost],
  cost: [P.cost, P.bytes],
  bytes: [P.bytes, P.types],
  tails: [P.calib, P.slow],
  slow: [P.slow, P.shift],
  shift: [P.shift, P.gaps],
};

function learnt(page: Float32Array): Record<string, number[]> {
  return Object.fromEntries(Object.entries(LEARNT).map(([name, [from, to]]) => [name, [...page.slice(from, to)]]));
}

const usual: MinuteOf = { calls: 3, logUs: 17, logKib: 16, bytesPerCall: 900, microUsdPerCall: 3 };
const wild = fc.record({
  calls: fc.nat(300),
  err: fc.nat(50),
  tmo: fc.nat(9),
  oom: fc.nat(9),
  cold: fc.nat(30),
  acc: fc.nat(30),
  tail: fc.nat(30),
  logUs: fc.integer({ min: 5, max: 29 }),
  logKib: fc.integer({ min: 10, max: 22 }),
  bytesPerCall: fc.nat(1_000_000_000),
  microUsdPerCall: fc.nat(100_000),
});

/** The next minute with all that a shard does about it: slow clock, calibration, ring. */
function live(graded: Graded, what: MinuteOf, isCovered: boolean): void {
  graded.grade(what, isCovered);
  const { page, minute, view } = graded;
  if (minute % 15 === 0) learnTails(page, 0);
  if (!isCovered)
    noteWindow(
      page,
      0,
      Float64Array.from({ length: TAILS }, (_, i) => ((minute + i) % 40 === 0 ? 3 : 0)),
    );
  expect(view.minute).toBe(minute);
  if (minute % 60 !== 0) return;
  const at = calendar(minute - 53);
  takeHour(page, 0, { minute, now: at, block5: at, block15: at, sourceStart: 0 });
}

function calm(graded: Graded, minutes: number, seed: number): void {
  graded.random = seeded(seed);
  for (let i = 0; i < minutes; i++) live(graded, { ...usual, calls: 2 + (i % 3) }, false);
}

test('whatever happens in minutes that an incident covers, what is learnt afterwards is the same', () => {
  const past = new Graded();
  calm(past, 8 * DAY + 17, 5); // a week and more: the slow clock has references
  /** `stretch` under an incident, then calm until the ring has forgotten it and an hour more was learnt. */
  const after = (stretch: readonly MinuteOf[]) => {
    const graded = past.clone();
    for (const what of stretch) live(graded, what, true);
    calm(graded, 420, 6);
    return learnt(graded.page);
  };
  fc.assert(
    fc.property(fc.array(wild, { minLength: 1, maxLength: 90 }), (stretch) => {
      expect(after(stretch)).toEqual(after(stretch.map(() => usual)));
    }),
    { numRuns: 12 },
  );
  // the test can fail: the same minutes without an incident are learnt
  const open = past.clone();
  for (let i = 0; i < 40; i++) live(open, { ...usual, calls: 200, err: 9, bytesPerCall: 1e6 }, false);
  calm(open, 420, 6);
  const differs = learnt(open.page);
  const same = after(Array.from({ length: 40 }, () => usual));
  for (const name of ['level', 'profile', 'dispersion', 'guards', 'moments', 'bad', 'cost', 'bytes', 'tails', 'slow'])
    expect({ name, values: differs[name] }).not.toEqual({ name, values: same[name] });
});

describe('end to end', () => {
  /** Minutes: a surge opens an incident, from OPEN on it is what the case says, at OVER all is calm again. */
  const SURGE = 2000;
  const OPEN = 2010;
  const OVER = 2040;
  const END = 2460;
  let id = 0;
  const part = (from: number, to: number, seed: number, plan: Partial<Plan>) => {
    const { call, ...rest } = plan;
    return play({
      minutes: to - from,
      startMs: START_MS + from * 60_000,
      seed,
      perMinute: () => 3,
      ticks: (minute) => (from + minute) % 5 === 4 || from >= SURGE,
      ...rest,
      call: (minute, random, fn) => ({ bytes: 20_000, ...call?.(minute, random, fn), id: ++id }),
    });
  };
  const before = [...part(0, SURGE, 1, {}), ...part(SURGE, OPEN, 2, { perMinute: () => 60 })];
  const calmAfter = part(OVER, END, 4, {});

  const played = (perMinute: number, bytes: number, flags: number) => {
    const blocks = [
      ...before,
      ...part(OPEN, OVER, 3, { perMinute: () => perMinute, call: () => ({ bytes, flags }) }),
      ...calmAfter,
    ];
    const { events } = playBlocks(blocks, { records: false });
    const pipeline = testPipeline({ records: false });
    for (const block of blocks) pipeline.step(block);
    const bytesOf = pipeline.snapshot().get(`shard/${shardOf('aws/123456789012/-/checkout')}/awake`)!;
    return { events, page: learnt(new Float32Array(bytesOf.slice().buffer).subarray(0, PAGE)) };
  };

  test('a surge that goes on as 60 or 200 calls a minute, with other bytes and failures, teaches the same: nothing', () => {
    const mild = played(60, 20_000, 0);
    const fierce = played(200, 900_000, Flag.failed | Flag.statusKnown);
    expect(loud(mild.events).map(({ signal }) => signal)).toContain('invocations');
    const told = fierce.events.flatMap(({ signal, related_signals }) => [signal, ...related_signals]);
    expect(told).toEqual(expect.arrayContaining(['errors', 'egress']));
    expect(fierce.page).toEqual(mild.page);
  });
});
