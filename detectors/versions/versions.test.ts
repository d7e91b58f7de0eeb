import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../../alerts/event.ts';
import { Flag } from '../../ingest/fragment.ts';
import { playBlocks, playRestored } from '../../test/pipeline.ts';
import { type Plan, play } from '../../test/play.ts';
import { START_MS, type TestCall } from '../../test/stream.ts';

const DAY = 1440;
/** The minute in which version 43 first answers. */
const DEPLOY = DAY + 600;
const FAILED: Partial<TestCall> = { flags: Flag.statusKnown | Flag.failed, errorType: 'Broken' };
const WELL: Partial<TestCall> = { flags: Flag.statusKnown };
/** Now and then a call always failed, so that failing as such is no news. */
const usual = (random: () => number) => (random() < 0.005 ? FAILED : WELL);

/** A day of version 42, then version 43 answers `share` of the calls, which are as `newer` says; `older` goes on beside. */
function deploy(
  share: number,
  newer: (random: () => number) => Partial<TestCall>,
  older: (random: () => number, minute: number) => Partial<TestCall> = usual,
  more: Partial<Plan> = {},
) {
  return play({
    minutes: DEPLOY + 240,
    perMinute: () => 4,
    call: (minute, random) => {
      const isNew = minute >= DEPLOY && random() < share;
      return isNew ? { version: '43', ...newer(random) } : { version: '42', ...older(random, minute) };
    },
    ...more,
  });
}

const minutesAfter = (event: AlertEvent) => (Date.parse(event.at) - START_MS) / 60_000 - DEPLOY;
const loud = (events: readonly AlertEvent[]) =>
  events.filter(({ event, severity }) => event === 'opened' && severity !== 'info');

describe('a canary: both versions answer', () => {
  test('that fails a fifth of its few calls is named, though the whole hardly moves', () => {
    const blocks = deploy(0.15, (random) => (random() < 0.2 ? FAILED : WELL));
    const [first, ...rest] = loud(playBlocks(blocks).events);
    expect(first?.signal).toBe('errors');
    expect(first?.text).toMatch(/only version 43: \d+ of \d+ calls failed/);
    expect(first?.evidence.versions).toMatchObject({ claim: 'only', version: '43' });
    expect(minutesAfter(first!)).toBeLessThan(60);
    expect(rest).toEqual([]);
  });

  test('that is three times slower is named', () => {
    const blocks = deploy(0.15, (random) => ({ durationUs: Math.round(300_000 * 2 ** (random() + random() - 1)) }));
    const [first] = loud(playBlocks(blocks).events);
    expect(first?.signal).toBe('duration');
    expect(first?.text).toMatch(/(only|since) version 43/); // told before many older calls came beside it
  });

  test('is not blamed for what hits both versions', () => {
    const blocks = play({
      minutes: DEPLOY + 240,
      perMinute: () => 4,
      call: (minute, random) => ({
        version: minute >= DEPLOY && random() < 0.3 ? '43' : '42',
        ...(minute >= DEPLOY + 15 && random() < 0.4 ? FAILED : usual(random)),
      }),
    });
    const said = loud(playBlocks(blocks).events);
    expect(said.map(({ signal }) => signal)).toContain('errors');
    expect(said.some(({ text }) => /only version|since version/.test(text))).toBe(false);
    expect(said[0]?.text).toMatch(/old versions as much as version 43/);
  });
});

describe('a sharp cut', () => {
  test('that fails is put down to the version', () => {
    const blocks = deploy(1, (random) => (random() < 0.08 ? FAILED : WELL));
    const [first] = loud(playBlocks(blocks).events);
    expect(first?.text).toMatch(/since version 43/);
    expect(minutesAfter(first!)).toBeLessThan(30);
  });

  test('that moves duration by 20 % is nothing', () => {
    const slower = (random: () => number) => ({ durationUs: Math.round(120_000 * 2 ** (random() + random() - 1)) });
    for (const seed of [1, 2, 3]) expect(loud(playBlocks(deploy(1, slower, undefined, { seed })).events)).toEqual([]);
  });

  test('whose first calls are cold, and bill it, is nothing', () => {
    let cold = 40;
    const first = (random: () => number) => {
      const us = Math.round(100_000 * 2 ** (random() + random() - 1));
      return cold-- > 0 ? { flags: Flag.statusKnown | Flag.cold, durationUs: 4 * us } : { ...WELL, durationUs: us };
    };
    const said = loud(playBlocks(deploy(1, first)).events);
    expect(said.filter(({ text }) => /version 43/.test(text))).toEqual([]);
  });

  test('to a version that sends three times as much', () => {
    const bytes = (factor: number) => (random: () => number) => ({
      bytes: Math.round(factor * 20_000 * 2 ** (2 * random() - 1)),
    });
    const [first] = loud(playBlocks(deploy(1, bytes(3), bytes(1))).events);
    expect(first?.signal).toBe('egress');
    expect(first?.text).toMatch(/since version 43/);
  });
});

test('an incident of a version ends when that version answers no more', () => {
  const blocks = play({
    minutes: DEPLOY + 360,
    perMinute: () => 4,
    call: (minute, random) => {
      const isNew = minute >= DEPLOY && minute < DEPLOY + 120 && random() < 0.2;
      return isNew && random() < 0.25
        ? { version: '43', ...FAILED }
        : { version: isNew ? '43' : '42', ...usual(random) };
    },
  });
  const events = playBlocks(blocks).events.filter(({ signal }) => signal === 'errors');
  expect(events[0]?.text).toMatch(/only version 43/);
  expect(events.filter(({ event }) => event !== 'updated').map(({ event }) => event)).toEqual(['opened', 'resolved']);
  const ended = (Date.parse(events.at(-1)!.ended_at!) - START_MS) / 60_000 - DEPLOY;
  expect(ended).toBeGreaterThan(100);
  expect(ended).toBeLessThan(150);
});

test('a restored shard compares versions as if it had never stopped', () => {
  const blocks = deploy(0.15, (random) => (random() < 0.2 ? FAILED : WELL));
  const cuts = new Set(blocks.map((_block, i) => i).filter((i) => i % 2 === 0));
  expect(playRestored(blocks, cuts).events).toEqual(playBlocks(blocks).events);
});
