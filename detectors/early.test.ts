import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../alerts/event.ts';
import { F, Flag, type FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import { blocksOf, loud, playBlocks, rowsOf } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';

const MINUTE = 60_000;
const FROM = 480;
const ONSET_MS = START_MS + FROM * MINUTE;

/** Calm for eight hours, then something that a person would want to hear of at once. */
const STORIES = {
  flood: play({ minutes: FROM + 30, perMinute: (m) => (m >= FROM ? 120 : 6) }),
  errors: play({
    minutes: FROM + 30,
    perMinute: () => 10,
    call: (m) => (m >= FROM ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' } : {}),
  }),
  timeouts: play({
    minutes: FROM + 30,
    perMinute: () => 10,
    call: (m) => (m >= FROM ? { flags: Flag.timeout | Flag.statusKnown } : {}),
  }),
  egress: play({ minutes: FROM + 30, perMinute: () => 10, call: (m) => ({ bytes: m >= FROM ? 1e10 : 20_000 }) }),
};

/** The same without ticks inside minutes: what comes in a minute is only heard of at its end. */
function hurried(blocks: readonly FragmentBlock[]): AlertEvent[] {
  return loud(playBlocks(blocks).events);
}

describe.each(Object.entries(STORIES))('%s', (_name, blocks) => {
  const events = hurried(blocks);
  const first = events[0]!;

  test('is said within its first minute', () => {
    expect(events).toHaveLength(1);
    expect(Date.parse(first.at)).toBeLessThanOrEqual(ONSET_MS + MINUTE);
    expect(Date.parse(first.started_at)).toBe(ONSET_MS);
  });

  test('is not said before the data that shows it', () => {
    const atMs = Date.parse(first.at);
    const before = rowsOf(blocks).filter(({ block, row }) => {
      const timeMs = block.f[row * F.stride]!;
      return (block.u[row * U.stride]! & 0xff) !== FragmentKind.tick ? timeMs < atMs : timeMs <= atMs;
    });
    expect(before.some(({ block, row }) => block.f[row * F.stride]! >= ONSET_MS)).toBe(true);
    // without what came at that instant or later, nobody could have known yet
    const known = loud(playBlocks(blocksOf(before), { invocations: 'none' }).events).filter(
      ({ at }) => Date.parse(at) < atMs,
    );
    expect(known).toEqual([]);
  });
});

test('what is said early is never later than its grading would have said it', () => {
  for (const blocks of Object.values(STORIES)) {
    const [event] = hurried(blocks);
    const gradedMs = (Math.floor(ONSET_MS / MINUTE) + 1) * MINUTE + 30_000;
    expect(Date.parse(event!.at)).toBeLessThan(gradedMs);
  }
});

test('an open window that only looks like more of the usual is left alone', () => {
  const events = hurried(play({ minutes: FROM + 30, perMinute: (m) => (m >= FROM ? 7 : 6) }));
  expect(events).toEqual([]);
});

test('an ordinary function that begins is not judged before anything is known of it', () => {
  expect(hurried(play({ minutes: 3, perMinute: () => 500 }))).toEqual([]);
});
