import { describe, expect, test } from '@jest/globals';
import { Flag } from '../ingest/fragment.ts';
import { playBlocks } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import type { TestCall } from '../test/stream.ts';

const DAY = 1440;
const ONSET = DAY + 300;
const timedOut = (seconds: number): Partial<TestCall> => ({
  flags: Flag.statusKnown | Flag.failed | Flag.timeout,
  durationUs: seconds * 1e6,
});

/** A day in which one call hit a limit of 3 s, then `later`. */
function said(later: (minute: number, random: () => number) => Partial<TestCall>): string[] {
  let hit = false;
  const blocks = play({
    minutes: ONSET + 120,
    perMinute: () => 3,
    call: (minute, random) => {
      if (minute >= ONSET) return later(minute, random);
      if (minute < 100 || hit) return { flags: Flag.statusKnown };
      hit = true;
      return timedOut(3);
    },
  });
  return playBlocks(blocks)
    .events.filter(({ event }) => event !== 'resolved')
    .map(({ severity, signal, text, why }) => `${severity} ${signal}: ${text} ${why.join('; ')}`);
}

describe('a known time limit', () => {
  test('calls that come close to it are told before they time out', () => {
    const slow = said((_minute, random) => ({
      flags: Flag.statusKnown,
      durationUs: random() < 0.4 ? 2_900_000 : 100_000,
    }));
    expect(slow.join('\n')).toMatch(/timeouts too|also timeouts|close to their time limit/);
  });

  test('a limit that is changed is an event for the record', () => {
    let hit = false;
    const events = said(() => {
      if (hit) return { flags: Flag.statusKnown };
      hit = true;
      return timedOut(10);
    });
    expect(events.filter((text) => text.includes('lifecycle'))).toEqual([
      expect.stringMatching(/^info lifecycle: checkout: time limit changed, 3 s→10 s/),
    ]);
  });
});
