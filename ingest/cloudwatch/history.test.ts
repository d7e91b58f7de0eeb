import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LogsError, type PolledEvent } from './api.ts';
import type { GroupPoller, PollSettings } from './group-poller.ts';
import { History, type HistoryFetch } from './history.ts';
import { moment } from './moment.fixture.ts';
import { TokenBucket } from './token-bucket.ts';
import { WatchedGroups } from './watched-groups.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3600_000;
const SETTINGS: PollSettings = { fastestMs: 1000, slowestMs: 60_000, overlapMs: 300_000, latenessMs: 900_000 };
const all = () => true;

function watching(names: readonly string[], backMs: number): { watch: WatchedGroups; pollers: GroupPoller[] } {
  const watch = new WatchedGroups(null, () => 0.5);
  const pollers = names.map((name) =>
    watch.add('1', 'r', { name, arn: name, createdMs: 0 }, SETTINGS, NOW_MS - backMs),
  );
  return { watch, pollers };
}

const bucket = () => new TokenBucket(1e6, NOW_MS - 1000, () => 0.5);
const event = (timestampMs: number, n: number): PolledEvent => ({
  id: `${timestampMs}-${n}`,
  timestampMs,
  ingestionMs: timestampMs,
  stream: 's',
  message: '',
});

describe('what lies behind', () => {
  test('is given out once, minute by minute in order, whatever pages, failures and ended tokens come between', () => {
    const faults = fc.array(fc.constantFrom('page', 'page', 'page', 'empty', 'token', 'throttled', 'transient'), {
      minLength: 30,
      maxLength: 60,
    });
    fc.assert(
      fc.property(faults, fc.integer({ min: 1, max: 9 }), (steps, size) => {
        const names = ['a', 'b'];
        const { watch, pollers } = watching(names, HOUR_MS);
        const put = new Map(
          names.map((name, g) => [
            name,
            Array.from({ length: 40 }, (_, i) => event(NOW_MS - HOUR_MS + i * 83_000 + g * 7, g)),
          ]),
        );
        const history = new History(pollers, NOW_MS, () => 0);
        const tokens = bucket();
        const given: number[] = [];
        const ids: string[] = [];
        let doneMs = NOW_MS - HOUR_MS;
        let clockMs = NOW_MS;
        for (let turn = 0; !history.isDone || doneMs < NOW_MS; turn++) {
          if (turn > 5_000) throw new Error('no end');
          clockMs += 40_000;
          const fetch = history.next(all, tokens, clockMs);
          if (fetch !== null) answer(history, fetch, steps[turn] ?? 'page', { put, size, nowMs: clockMs });
          expect(history.frontierMs).toBeGreaterThanOrEqual(doneMs); // what was given out is complete
          while (doneMs < Math.min(history.frontierMs, NOW_MS)) {
            const toMs = Math.min(doneMs + 60_000, NOW_MS);
            if (toMs > history.frontierMs) break;
            for (const { poller, events } of history.take(toMs)) {
              for (const it of poller.fresh(events).fresh) {
                expect(it.timestampMs).toBeGreaterThanOrEqual(doneMs);
                given.push(it.timestampMs);
                ids.push(it.id);
              }
            }
            watch.forget(toMs);
            doneMs = toMs;
          }
        }
        const expected = [...put.values()].flat().map(({ id }) => id);
        expect(ids).toHaveLength(expected.length);
        expect(new Set(ids)).toEqual(new Set(expected));
        expect(given).toHaveLength(80);
      }),
      { numRuns: 60 },
    );
  });

  test('a group that may not be read holds up nobody', () => {
    const { pollers } = watching(['a', 'b'], HOUR_MS);
    const history = new History(pollers, NOW_MS, () => 0);
    const tokens = bucket();
    const first = history.next(all, tokens, NOW_MS)!;
    history.failed(first, new LogsError('denied', 'no'), NOW_MS);
    expect(history.frontierMs).toBe(NOW_MS - HOUR_MS);
    history.took(history.next(all, tokens, NOW_MS)!, { events: [], nextToken: null });
    expect(history.frontierMs).toBe(NOW_MS);
    history.take(NOW_MS);
    expect(pollers.map(({ coveredMs }) => coveredMs)).toEqual([NOW_MS - HOUR_MS, NOW_MS]);
  });

  test('is not read again by the looks back of the polls', () => {
    const { pollers } = watching(['a'], 14 * 24 * HOUR_MS);
    const history = new History(pollers, NOW_MS, () => 0);
    history.took(history.next(all, bucket(), NOW_MS)!, { events: [], nextToken: null });
    history.take(NOW_MS);
    const [poller] = pollers as [GroupPoller];
    expect(poller.nextTail(moment(NOW_MS)).request.startMs).toBeGreaterThanOrEqual(NOW_MS - SETTINGS.latenessMs);
    expect(poller.nextSweep(moment(NOW_MS)).request.startMs).toBeGreaterThanOrEqual(NOW_MS - SETTINGS.latenessMs);
  });

  test('after a downtime begins where what came late before it is found', () => {
    const { pollers } = watching(['a'], HOUR_MS);
    const [poller] = pollers as [GroupPoller];
    poller.cover(NOW_MS - 600_000);
    const fetch = new History(pollers, NOW_MS, () => 0).next(all, bucket(), NOW_MS)!;
    expect(fetch.request.startMs).toBe(NOW_MS - 600_000 - SETTINGS.latenessMs);
    expect(fetch.request.endMs).toBe(NOW_MS - 1);
  });
});

interface Account {
  readonly put: ReadonlyMap<string, readonly PolledEvent[]>;
  readonly size: number;
  readonly nowMs: number;
}

/** Plays CloudWatch: tokens are places in the listing. */
function answer(history: History, fetch: HistoryFetch, step: string, { put, size, nowMs }: Account): void {
  if (step === 'token' || step === 'throttled' || step === 'transient') {
    history.failed(fetch, new LogsError(step, step), nowMs);
    return;
  }
  const { logGroup, startMs, endMs, nextToken } = fetch.request;
  const events = put.get(logGroup)!.filter(({ timestampMs }) => timestampMs >= startMs && timestampMs <= endMs);
  const from = nextToken === null ? 0 : Number(nextToken.split('-')[0]);
  const to = step === 'empty' ? from : from + size;
  const token = to < events.length || step === 'empty' ? `${to}-${Math.random()}` : null;
  history.took(fetch, { events: events.slice(from, to), nextToken: token });
}
