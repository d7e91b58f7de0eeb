import { expect, test } from '@jest/globals';
import type { ScoreRow } from '../detectors/records.ts';
import { copyOf, loud, playBlocks, testPipeline } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';

const DAY = 1440;
const WEEK = 7 * DAY;
const SEAM_MS = START_MS + WEEK * 60_000;

/** A week by day and night, then two hours with a surge in the first minutes; ticks are rare until the seam. */
let id = 0;
const part = (from: number, minutes: number, seed: number) =>
  play({
    minutes,
    seed,
    startMs: START_MS + from * 60_000,
    perMinute: (minute) => (from === WEEK && minute >= 2 && minute < 20 ? 30 : (from + minute) % DAY < 720 ? 2.5 : 4),
    call: () => ({ id: ++id, bytes: 20_000 }),
    ticks: (minute) => from === WEEK || minute % 5 === 4,
  });
const week = part(0, WEEK, 1);
const live = part(WEEK, 120, 2);
const whole = playBlocks([...week, ...live]);
const isLive = ({ at }: { readonly at: string }) => Date.parse(at) > SEAM_MS;

/** The week, stopped and taken down to its snapshot, and the two hours in another pipeline that goes on from there. */
function continued(isEnded: boolean) {
  const replay = testPipeline();
  for (const block of week) replay.step(copyOf(block));
  if (isEnded) replay.finish(); // as `replay` does at the end of its input
  const first = replay.drain();
  const pipeline = testPipeline({ restored: replay.snapshot() });
  for (const block of live) pipeline.step(copyOf(block));
  pipeline.finish();
  return { first, ...pipeline.drain() };
}

test('after a week was replayed, the very next minute is judged as if nothing had stopped', () => {
  const { first, events, scores, minutes } = continued(false);
  expect([...first.events, ...events]).toEqual(whole.events);
  expect([...first.scores, ...scores]).toEqual(whole.scores);
  expect([...first.minutes, ...minutes]).toEqual(whole.minutes);
});

test('a surge in the first minutes after a replay came to its end is found, judged by the whole week', () => {
  const { events, scores } = continued(true);
  const opened = loud(events);
  expect(opened.map(({ signal, started_at }) => [signal, started_at])).toEqual(
    loud(whole.events.filter(isLive)).map(({ signal, started_at }) => [signal, started_at]),
  );
  const [surge] = opened;
  expect(surge).toMatchObject({ signal: 'invocations', expected: expect.anything() });
  expect(Date.parse(surge!.at) - SEAM_MS).toBeLessThanOrEqual(5 * 60_000);
  expect(surge!.evidence.priors).toBeUndefined();
  // graded minutes fade with a half-life of a week: of seven days five are left
  expect(surge!.baseline.windows).toBeGreaterThan(7000);
  expect(surge!.baseline.windows).toBeLessThan(WEEK);
  const ofSurge = (rows: readonly ScoreRow[]) =>
    rows.filter(({ minuteMs }) => minuteMs >= SEAM_MS + 120_000).slice(0, 1);
  const [alone] = ofSurge(scores);
  const [among] = ofSurge(whole.scores);
  expect(alone).toMatchObject({ signal: among!.signal, minuteMs: among!.minuteMs });
  expect(alone!.score / among!.score).toBeCloseTo(1, 1);
});

test('state that was learnt with other pooled priors is refused, state that names none was learnt with v1', () => {
  const pipeline = testPipeline();
  for (const block of part(WEEK, 3, 3)) pipeline.step(block);
  const withPriors = (change: (json: Record<string, unknown>) => void) => {
    const pages = pipeline.snapshot();
    for (const [name, bytes] of pages) {
      if (!name.endsWith('/json')) continue;
      const json = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      change(json);
      pages.set(name, new TextEncoder().encode(JSON.stringify(json)));
    }
    return () => testPipeline({ restored: pages });
  };
  expect(withPriors((json) => (json.priors = 'v0 0123456789ab'))).toThrow(
    /learnt with other pooled priors \(v0 01234567, now v1 [0-9a-f]{8}\)/,
  );
  expect(withPriors((json) => delete json.priors)).not.toThrow();
});
