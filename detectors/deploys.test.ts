import { describe, expect, test } from '@jest/globals';
import { Flag } from '../ingest/fragment.ts';
import { playBlocks } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { START_MS, type TestCall } from '../test/stream.ts';
import { type Deploy, Deploys } from './deploys.ts';

const DAY = 1440;
const CHANGE = DAY + 600;
const at = (minute: number) => START_MS + minute * 60_000;
const deployed = (minute: number): Deploy => ({ timeMs: at(minute), match: 'checkout', version: null, note: 'run 7' });

function said(call: (minute: number, random: () => number) => Partial<TestCall>, deploys: Deploys | null): string[] {
  const blocks = play({ minutes: CHANGE + 120, perMinute: () => 4, call });
  return playBlocks(blocks, { deploys })
    .events.filter(({ event }) => event === 'opened')
    .map(({ severity, text }) => `${severity}: ${text}`);
}

describe('a new version', () => {
  const call = (minute: number) => ({ version: minute >= CHANGE ? '43' : '42' });

  test('is a line for the record where nobody tells of deploys', () => {
    expect(said(call, null)).toEqual(['info: checkout: version 43 answers for the first time']);
  });

  test('without a deploy is a warning, where deploys are told', () => {
    expect(said(call, new Deploys([]))).toEqual([
      'warning: checkout: version 43 answers for the first time; no deploy of it is known',
    ]);
  });

  test('with its deploy names it', () => {
    expect(said(call, new Deploys([deployed(CHANGE - 5)]))).toEqual([
      'info: checkout: version 43 answers for the first time; deployed 2026-01-06 09:55 UTC (run 7)',
    ]);
  });
});

test('code without version numbers is compared before and after the deploy that was told of', () => {
  const failed = { version: '$LATEST', flags: Flag.statusKnown | Flag.failed, errorType: 'Broken' };
  const well = { version: '$LATEST', flags: Flag.statusKnown };
  const call = (minute: number, random: () => number) => (random() < (minute >= CHANGE ? 0.15 : 0.005) ? failed : well);
  const deploys = new Deploys([deployed(CHANGE)]);
  expect(said(call, deploys)[0]).toMatch(/since the deploy of 2026-01-06 10:00 UTC/);
  expect(said(call, null)[0]).not.toMatch(/deploy/);
});
