import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { PipelineTotals } from '../app/pipeline.ts';
import { blocksOf, rowsOf, testPipeline, told } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';
import type { FunctionRow } from './records.ts';

/** What the program of a version left: pages, and what it said of them. */
interface Fixture {
  readonly functions: readonly FunctionRow[];
  readonly totals: PipelineTotals;
  readonly pages: ReadonlyMap<string, Uint8Array>;
}

/**
 * Minutes of four functions: a surge of `a` and failures of `c` are open, version 8 of `a` is under observation, STARTs wait. In that of
 * version 3 a fifth, `e`, has fallen asleep.
 */
const MINUTES: Readonly<Record<number, number>> = { 2: 192, 3: 4400 };

function fixture(version: number): Fixture {
  const file = new URL(`./fixtures/state-v${version}.json.gz`, import.meta.url);
  const { functions, totals, pages } = JSON.parse(gunzipSync(readFileSync(file)).toString());
  const bytes = Object.entries<string>(pages).map(
    ([name, text]) => [name, new Uint8Array(Buffer.from(text, 'base64'))] as const,
  );
  return { functions, totals, pages: new Map(bytes) };
}

/** The minutes that follow: everything is as it was before the incidents. */
const after = (minutes: number) =>
  blocksOf(
    rowsOf(
      play({
        minutes: 60,
        fns: ['a', 'b', 'c', 'd'],
        perMinute: () => 1,
        startMs: START_MS + minutes * 60_000,
        seed: 9,
      }),
    ),
  );

describe.each([
  [2, 'errors'],
  [3, 'error_type'],
])('a state of version %i', (version, failures) => {
  const { functions, totals, pages } = fixture(version);

  test('is read: functions, totals', () => {
    const pipeline = testPipeline({ restored: pages });
    expect(pipeline.functions()).toEqual(functions);
    expect(pipeline.totals()).toMatchObject(totals);
  });

  test('is gone on from: what was open ends, nothing is said anew', () => {
    const pipeline = testPipeline({ restored: pages });
    for (const block of after(MINUTES[version]!)) pipeline.step(block);
    pipeline.finish();
    const { events } = pipeline.drain();
    expect(events.filter(({ event }) => event === 'opened')).toEqual([]);
    expect(new Set(told(events, START_MS).map((text) => text.split('@')[0]))).toEqual(
      new Set(['resolved invocations', `resolved ${failures}`]),
    );
  });

  test('is written in the layout of today, and stays the same by that', () => {
    const pipeline = testPipeline({ restored: pages });
    const snapshot = pipeline.snapshot();
    const restored = testPipeline({ restored: snapshot });
    expect(restored.snapshot()).toEqual(snapshot);
    expect(new Map(Array.from(pipeline.pages(), ([name, bytes]) => [name, bytes.slice()]))).toEqual(snapshot);
  });
});
