import { describe, expect, test } from '@jest/globals';
import type { PollSettings } from './group-poller.ts';
import { moment } from './moment.fixture.ts';
import { Schedule } from './schedule.ts';
import { TokenBucket } from './token-bucket.ts';
import { WatchedGroups } from './watched-groups.ts';

const NOW_MS = 1_800_000_000_000;
const SETTINGS: PollSettings = { fastestMs: 1000, slowestMs: 60_000, overlapMs: 300_000, latenessMs: 900_000 };

/** Takes whenever it can for so long, looking every 10 ms. @returns how many */
function drain(bucket: TokenBucket, fromMs: number, forMs: number): number {
  let count = 0;
  for (let ms = fromMs; ms < fromMs + forMs; ms += 10) while (bucket.take(ms)) count++;
  return count;
}

describe('the bucket', () => {
  test('gives its rate, a second of it at once at most, and tells when the next is there', () => {
    const bucket = new TokenBucket(5, NOW_MS, () => 1);
    expect(drain(bucket, NOW_MS, 10_000)).toBeGreaterThanOrEqual(49);
    expect(drain(bucket, NOW_MS + 3600_000, 10)).toBe(5);
    expect(bucket.readyMs(NOW_MS + 3600_000)).toBe(NOW_MS + 3600_000 + 200);
  });

  test('a rate below one a second is kept, too', () =>
    expect(drain(new TokenBucket(0.1, NOW_MS, () => 1), NOW_MS, 60_000)).toBeGreaterThanOrEqual(6));

  test('throttling stops all for a time whose bound doubles, and slows down once for those under way together', () => {
    const bucket = new TokenBucket(10, NOW_MS, () => 1);
    const pauses: number[] = [];
    let nowMs = NOW_MS;
    for (let i = 0; i < 9; i++) {
      bucket.throttled(nowMs);
      bucket.throttled(nowMs + 1);
      pauses.push(bucket.readyMs(nowMs + 1) - nowMs);
      nowMs += 40_000;
    }
    expect(pauses.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(pauses.at(-1)).toBe(30_000);
    bucket.succeeded();
    bucket.throttled(nowMs);
    expect(bucket.readyMs(nowMs) - nowMs).toBe(500);
  });

  test('the rate never falls to nothing, and is won back', () => {
    const bucket = new TokenBucket(10, NOW_MS, () => 0);
    for (let i = 0; i < 100; i++) bucket.throttled(NOW_MS + i * 1000);
    expect(bucket.rate).toBeGreaterThanOrEqual(0.5);
    bucket.take(NOW_MS + 400_000);
    expect(bucket.rate).toBe(10);
  });
});

function scheduled(names: readonly string[], rate: number, mostUnderWay = 8) {
  const watch = new WatchedGroups(null, () => 0.5);
  const schedule = new Schedule(new TokenBucket(rate, NOW_MS, () => 0.5), mostUnderWay);
  for (const name of names) {
    const poller = watch.add('1', 'r', { name, arn: name, createdMs: 0 }, SETTINGS, NOW_MS);
    schedule.pollers.set(poller.key, poller);
  }
  return { watch, schedule };
}

describe('the schedule', () => {
  test('asks everybody, and nobody less than his share, where the quota does not do', () => {
    const names = Array.from({ length: 40 }, (_, i) => `g${i}`);
    const { schedule } = scheduled(names, 2);
    const asked = new Map<string, number>();
    for (let ms = NOW_MS; ms < NOW_MS + 600_000; ms += 100) {
      const fetch = schedule.next(moment(ms));
      if (fetch === null) continue;
      asked.set(fetch.request.logGroup, (asked.get(fetch.request.logGroup) ?? 0) + 1);
      fetch.poller.took(fetch.job, { events: [], nextToken: null });
      schedule.ended();
    }
    expect(asked.size).toBe(40);
    expect(Math.min(...asked.values())).toBeGreaterThanOrEqual(5);
  });

  test('what is under way is bounded, and asked again once it has ended', () => {
    const { schedule } = scheduled(['a', 'b', 'c'], 100, 2);
    const at = NOW_MS + 1000;
    const first = schedule.next(moment(at))!;
    expect(schedule.next(moment(at))).not.toBeNull();
    expect([schedule.next(moment(at)), schedule.nextMs(moment(at))]).toEqual([null, Number.POSITIVE_INFINITY]);
    schedule.ended();
    const third = schedule.next(moment(at))!;
    expect(third.poller.key).not.toBe(first.poller.key);
  });

  test('a page that is missing of a poll comes before new polls, with its token, and covers nothing until it came', () => {
    const { schedule } = scheduled(['a', 'b'], 100);
    const at = NOW_MS + 1000;
    const first = schedule.next(moment(at))!;
    first.poller.took(first.job, { events: [], nextToken: 'more' });
    schedule.ended();
    expect(first.poller.coveredMs).toBe(NOW_MS);
    const second = schedule.next(moment(at))!;
    expect(second.request).toMatchObject({ logGroup: first.request.logGroup, nextToken: 'more' });
    second.poller.took(second.job, { events: [], nextToken: null });
    expect(first.poller.coveredMs).toBe(at);
  });
});

describe('the clock', () => {
  test('waits for what was read, never goes back, and stands still when nothing answers', () => {
    const { watch } = scheduled(['a'], 1);
    const { clock, pollers } = watch;
    const [poller] = pollers.values();
    poller!.cover(NOW_MS);
    const first = clock.advance(pollers.values(), NOW_MS);
    expect(first).toBe(NOW_MS - 10_000);
    for (let s = 1; s <= 600; s++) expect(clock.advance(pollers.values(), NOW_MS + s * 1000)).toBe(first);
    poller!.cover(NOW_MS + 600_000);
    const next = clock.advance(pollers.values(), NOW_MS + 601_000);
    expect(next).toBeGreaterThanOrEqual(first);
    expect(next).toBeLessThanOrEqual(NOW_MS + 590_000);
  });

  test('a group that is gone, and one that fails for long, hold up nobody for more than a minute', () => {
    const { watch } = scheduled(['a', 'b'], 1);
    const [a, b] = [...watch.pollers.values()];
    for (const poller of [a!, b!]) {
      poller.cover(NOW_MS);
      poller.traffic.counted(1000, 1000); // busy: waited for
    }
    b!.cover(NOW_MS + 300_000);
    const heldMs = watch.clock.advance(watch.pollers.values(), NOW_MS + 300_000);
    expect(heldMs).toBe(NOW_MS + 300_000 - 60_000 - 10_000);
    a!.isGone = true;
    let timeMs = heldMs;
    for (let s = 1; s <= 2400; s++) {
      b!.cover(NOW_MS + 300_000 + s * 1000);
      const next = watch.clock.advance(watch.pollers.values(), NOW_MS + 300_000 + s * 1000);
      expect(next).toBeGreaterThanOrEqual(timeMs);
      timeMs = next;
    }
    expect(NOW_MS + 2_700_000 - timeMs).toBeLessThanOrEqual(11_000);
  });
});
