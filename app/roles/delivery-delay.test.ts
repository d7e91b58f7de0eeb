import { expect, test } from '@jest/globals';
import { DeliveryDelay } from './delivery-delay.ts';

const MINUTE_MS = 60_000;

test('the delay is what nearly all took, a little more rather than less', () => {
  const delay = new DeliveryDelay(90_000);
  expect(delay.ms).toBe(90_000);
  for (let i = 0; i < 1000; i++) delay.hear((i % 60) * 1000, 0); // buffered for a minute
  expect(delay.ms).toBeGreaterThanOrEqual(59_000);
  expect(delay.ms).toBeLessThan(75_000);
});

test('a few that come late, or again after hours, do not make all of time late', () => {
  const delay = new DeliveryDelay(90_000);
  for (let i = 0; i < 1000; i++) delay.hear(1000, 0);
  for (let i = 0; i < 5; i++) delay.hear(2 * MINUTE_MS, 0);
  for (let i = 0; i < 500; i++) delay.hear(60 * MINUTE_MS, 0);
  expect(delay.ms).toBe(3000);
});

test('what was long ago is forgotten, at any distance of time', () => {
  for (const laterMs of [60 * MINUTE_MS, 24 * 60 * MINUTE_MS]) {
    const delay = new DeliveryDelay(90_000);
    for (let i = 0; i < 1000; i++) delay.hear(MINUTE_MS, 0);
    for (let i = 0; i < 1000; i++) delay.hear(1000, laterMs);
    expect(delay.ms).toBe(3000);
  }
});
