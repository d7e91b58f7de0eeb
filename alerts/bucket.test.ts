import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { affords, nextPageMs, pagesLeft, periodMs, spend } from './bucket.ts';

const DAY_MS = 24 * 3600 * 1000;

describe('a bucket of 5 pages a week', () => {
  test('is full at first, empty after 5, and has the next one 33.6 hours later', () => {
    const bucket = { fullMs: 0 };
    const nowMs = 1000 * DAY_MS;
    expect(pagesLeft(bucket, nowMs, 5)).toBe(5);
    for (let i = 0; i < 5; i++) {
      expect(affords(bucket, nowMs, 5, 0)).toBe(true);
      spend(bucket, nowMs, 5);
    }
    expect(pagesLeft(bucket, nowMs, 5)).toBe(0);
    expect(affords(bucket, nowMs, 5, 0)).toBe(false);
    expect(affords(bucket, nowMs, 5, 1)).toBe(true);
    expect(nextPageMs(bucket, nowMs, 5) - nowMs).toBe(33.6 * 3600 * 1000);
    expect(affords(bucket, nowMs + 33.6 * 3600 * 1000, 5, 0)).toBe(true);
  });

  test('saves no more than a week', () => {
    const bucket = { fullMs: 0 };
    spend(bucket, 0, 5);
    expect(pagesLeft(bucket, 365 * DAY_MS, 5)).toBe(5);
  });
});

test('in any 7 days no more than 2 × perWeek + overdraft leave it', async () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3 * DAY_MS }), { minLength: 50, maxLength: 300 });
  await fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(9), gaps, (perWeek, overdraft, waits) => {
      const bucket = { fullMs: 0 };
      const pages: number[] = [];
      let nowMs = 20_000 * DAY_MS;
      for (const wait of waits) {
        nowMs += Math.floor(wait / 8);
        if (!affords(bucket, nowMs, perWeek, overdraft)) continue;
        spend(bucket, nowMs, perWeek);
        pages.push(nowMs);
      }
      for (const from of pages) {
        const within = pages.filter((at) => at >= from && at < from + 7 * DAY_MS).length;
        expect(within).toBeLessThanOrEqual(2 * perWeek + overdraft);
      }
      const most = (nowMs - 20_000 * DAY_MS) / periodMs(perWeek) + perWeek + overdraft;
      expect(pages.length).toBeLessThanOrEqual(most);
    }),
  );
});
