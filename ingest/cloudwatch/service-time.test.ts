import { expect, test } from '@jest/globals';
import { ServiceTime } from './service-time.ts';

const TRUE_MS = 1_800_000_000_000;
const HOUR_MS = 3600_000;

/** A service that is right, a steady clock, and ours, which is off as told. */
function clocks() {
  const world = { steadyMs: 5000, sleptMs: 0, wrongByMs: 0 };
  const trueMs = () => TRUE_MS + world.steadyMs + world.sleptMs;
  const time = new ServiceTime(
    () => trueMs() + world.wrongByMs,
    () => world.steadyMs,
  );
  const hear = (offByMs = 0) => time.heard(Math.floor((trueMs() + offByMs) / 1000) * 1000);
  const offMs = () => time.nowMs - trueMs();
  return { world, time, hear, offMs };
}

test('before anything is heard, and while it agrees to a minute, it is our clock', () => {
  const { world, hear, offMs } = clocks();
  world.wrongByMs = -HOUR_MS;
  expect(offMs()).toBe(-HOUR_MS);
  world.wrongByMs = 59_000;
  hear();
  expect(offMs()).toBe(59_000);
});

test.each([-HOUR_MS, HOUR_MS])('our clock may jump by %d ms, and back: time goes on', (ms) => {
  const { world, hear, offMs } = clocks();
  hear();
  for (const wrongByMs of [ms, 0, ms, -ms, 0]) {
    world.wrongByMs = wrongByMs;
    world.steadyMs += 30_000;
    expect(Math.abs(offMs())).toBeLessThanOrEqual(500);
    hear();
    expect(Math.abs(offMs())).toBeLessThanOrEqual(500);
  }
});

test('a machine that slept is right with the first answer', () => {
  const { world, hear, offMs } = clocks();
  hear();
  world.sleptMs = HOUR_MS; // the steady clock slept, too
  expect(offMs()).toBeLessThan(0);
  hear();
  expect(offMs()).toBe(0);
});

test('an answer with another time, against all before, is not believed at once', () => {
  const { world, hear, offMs } = clocks();
  hear();
  hear(-HOUR_MS);
  expect(offMs()).toBe(0);
  for (let i = 0; i < 8; i++) {
    world.steadyMs += 10_000;
    hear(-HOUR_MS);
  }
  expect(Math.abs(offMs() + HOUR_MS)).toBeLessThanOrEqual(500);
  hear();
  expect(offMs()).toBe(0);
});
