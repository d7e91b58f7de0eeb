import { describe, expect, test } from '@jest/globals';
import { Flag } from '../ingest/fragment.ts';
import { playBlocks } from '../test/pipeline.ts';
import { type Plan, play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';
import { Plans } from './plans.ts';
import { DEFAULT_SETTINGS, type PlannedEvent } from './settings.ts';

const DAY = 1440;
const FROM = 2.5 * DAY;
const TO = FROM + 120;
const event = (more: Partial<PlannedEvent> = {}): PlannedEvent => ({
  fromMs: START_MS + FROM * 60_000,
  toMs: START_MS + TO * 60_000,
  functions: 'check*',
  expect: 'any',
  note: 'Black Friday',
  ...more,
});

/** What is said after two and a half days: `event signal severity`. */
function told(plan: Omit<Plan, 'minutes'>, planned: readonly PlannedEvent[]): { said: string[]; why: string } {
  const blocks = play({ ...plan, minutes: 3 * DAY, ticks: (minute) => minute % 2 === 1 });
  const { events } = playBlocks(blocks, { records: false, settings: { ...DEFAULT_SETTINGS, planned } });
  const late = events.filter(({ at }) => Date.parse(at) >= START_MS + FROM * 60_000);
  const said = late.map((alert) => `${alert.event} ${alert.signal} ${alert.severity}`);
  return { said, why: late.flatMap(({ why, text }) => [text, ...why]).join('\n') };
}

const within = (minute: number, to = TO) => minute >= FROM && minute < to;
const surge = (to = TO): Omit<Plan, 'minutes'> => ({ perMinute: (minute) => (within(minute, to) ? 20 : 2) });
const silent: Omit<Plan, 'minutes'> = { perMinute: (minute) => (within(minute) ? 0 : 2) };
const failing: Omit<Plan, 'minutes'> = {
  perMinute: () => 4,
  call: (minute) => (within(minute) ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' } : {}),
};

describe('during a planned event', () => {
  test.each([
    { name: 'a surge that nobody planned is loud', plan: surge(), planned: [], loud: true },
    { name: 'a planned surge is info, with its note', plan: surge(), planned: [event({ expect: 'surge' })], loud: false },
    { name: 'anything is info', plan: surge(), planned: [event()], loud: false },
    { name: 'a surge where quiet was planned is loud', plan: surge(), planned: [event({ expect: 'quiet' })], loud: true },
    { name: 'of another function is none of its own', plan: surge(), planned: [event({ functions: 'pay-?' })], loud: true },
    { name: 'planned quiet is info', plan: silent, planned: [event({ expect: 'quiet' })], loud: false },
    { name: 'silence where a surge was planned is loud', plan: silent, planned: [event({ expect: 'surge' })], loud: true },
    { name: 'failures under a planned surge are loud', plan: failing, planned: [event({ expect: 'surge' })], loud: true },
    { name: 'failures of a migration are not', plan: failing, planned: [event()], loud: false },
  ])('$name', ({ plan, planned, loud }) => {
    const { said, why } = told(plan, planned);
    expect(said.some((line) => /^opened .* (warning|error|critical)$/.test(line))).toBe(loud);
    if (loud) return;
    expect(said).toContainEqual(expect.stringMatching(/^opened \w+ info$/));
    expect(why).toContain('planned: Black Friday');
  }); // biome-ignore format: a table
});

test('what goes on when the event is over is said then', () => {
  const { said } = told(surge(TO + 180), [event()]);
  const loud = said.filter((line) => /^(opened|updated) .* (warning|error|critical)$/.test(line));
  expect(loud[0]).toMatch(/^updated invocations/);
});

test('a planned event teaches nothing: what comes after is judged as before', () => {
  const again: Omit<Plan, 'minutes'> = {
    perMinute: (minute) => (within(minute) || (minute >= TO + 240 && minute < TO + 300) ? 20 : 2),
  };
  const { said } = told(again, [event()]);
  expect(said.filter((line) => /^opened invocations (warning|error|critical)$/.test(line))).toHaveLength(1);
});

test.each([
  { pattern: 'checkout', fn: 'checkout', is: true },
  { pattern: 'check*', fn: 'checkout', is: true },
  { pattern: '*', fn: 'a.b', is: true },
  { pattern: 'a.b', fn: 'aXb', is: false },
  { pattern: 'check', fn: 'checkout', is: false },
  { pattern: 'pay-?', fn: 'pay-7', is: true },
])('$pattern means $fn: $is', ({ pattern, fn, is }) => {
  const plans = new Plans([event({ functions: pattern, fromMs: START_MS, toMs: START_MS + 60_000 })]);
  const minute = START_MS / 60_000 - 26_297_280;
  expect(plans.at(`aws/1/eu-west-1/${fn}`, minute) !== null).toBe(is);
  expect(plans.at(`aws/1/eu-west-1/${fn}`, minute - 1)).toBeNull();
  expect(plans.at(`aws/1/eu-west-1/${fn}`, minute + 1)).toBeNull();
  expect(plans.endsAt(`aws/1/eu-west-1/${fn}`, minute + 1)).toBe(is);
});
