import { describe, expect, test } from '@jest/globals';
import { FragmentKind, U } from '../ingest/fragment.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { createStream, START_MS } from '../test/stream.ts';
import { Engine } from './engine.ts';
import { loggedIn } from './log-groups.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { restoreShard, snapshotShard } from './shard-snapshot.ts';

const OPTIONS = {
  settings: DEFAULT_SETTINGS,
  pricesOf: () => DEFAULT_PRICES,
  invocations: 'none',
  records: false,
} as const;
const KEY = 'aws/123456789012/-/pay';

interface Line {
  readonly logGroup: string;
  readonly kind?: FragmentKind;
  readonly fn?: string;
  /** also its time, seconds */
  readonly id: number;
}

function engineAfter(lines: readonly Line[], maxFunctions?: number): Engine {
  const engine = new Engine({ ...OPTIONS, ...(maxFunctions === undefined ? {} : { maxFunctions }) }, () => {});
  const stream = createStream();
  for (const { logGroup, kind = FragmentKind.report, fn = 'pay', id } of lines) {
    stream.add(kind, fn, START_MS + id * 1000, id, (block, _f, u) => {
      block.u[u + U.logGroup] = block.dictionary.id(logGroup);
    });
  }
  for (const block of stream.blocks()) engine.step(block);
  return engine;
}

function groupOf(engine: Engine, key = KEY): string | undefined {
  const { shard, slot } = engine.host(key);
  return loggedIn(shard, slot).logGroup;
}

describe('where a function logs', () => {
  test.each<{ name: string; lines: Line[]; group: string | undefined }>([
    { name: 'is not kept where its name tells', lines: [{ logGroup: '', id: 1 }], group: undefined },
    { name: 'is what it said', lines: [{ logGroup: '/a', id: 1 }], group: '/a' },
    {
      name: 'is what it said last',
      lines: [
        { logGroup: '/a', id: 1 },
        { logGroup: '/b', id: 2 },
      ],
      group: '/b',
    },
    {
      name: 'is forgotten when it is back in its own',
      lines: [
        { logGroup: '/a', id: 1 },
        { logGroup: '', id: 2 },
      ],
      group: undefined,
    },
    {
      name: 'is not what is said again',
      lines: [
        { logGroup: '/a', id: 1 },
        { logGroup: '/b', id: 2 },
        { logGroup: '/a', id: 1 },
      ],
      group: '/b',
    },
    {
      name: 'is not told by Lambda Insights',
      lines: [
        { logGroup: '/a', id: 1 },
        { logGroup: '', kind: FragmentKind.insights, id: 2 },
      ],
      group: '/a',
    },
    {
      name: 'is told by a function whose reports are turned off',
      lines: [{ logGroup: '/a', kind: FragmentKind.failure, id: 1 }],
      group: '/a',
    },
    {
      name: 'is its own business',
      lines: [
        { logGroup: '/a', id: 1 },
        { logGroup: '/b', fn: 'mail', id: 2 },
        { logGroup: '', fn: 'shop', id: 3 },
      ],
      group: '/a',
    },
  ])('$name', ({ lines, group }) => {
    expect(groupOf(engineAfter(lines))).toBe(group);
  });

  test('is in snapshots, and in those of before there is none', () => {
    const { shard, slot } = engineAfter([{ logGroup: '/a', id: 1 }]).host(KEY);
    const pages = snapshotShard(shard);
    const restored = new Engine(OPTIONS, () => {}).shards[shard.number]!;
    restoreShard(restored, pages);
    expect(loggedIn(restored, slot)).toEqual({ logGroup: '/a' });
    expect(snapshotShard(restored)).toEqual(pages);

    const name = `shard/${shard.number}/json`;
    const { logGroups, ...before } = JSON.parse(Buffer.from(pages.get(name)!).toString());
    expect(logGroups).toEqual([[slot, '/a']]);
    const older = new Engine(OPTIONS, () => {}).shards[shard.number]!;
    restoreShard(older, new Map([...pages, [name, Buffer.from(JSON.stringify(before))]]));
    expect(loggedIn(older, slot)).toEqual({});
    expect(JSON.parse(Buffer.from(snapshotShard(older).get(name)!).toString())).toEqual(before);
  });

  test('goes with the function when it is forgotten', () => {
    const engine = engineAfter([{ logGroup: '/a', id: 1 }], 1);
    const { shard } = engine.host(KEY);
    const another = Array.from({ length: 5000 }, (_, i) => `aws/123456789012/-/fn-${i}`).find(
      (key) => engine.host(key).shard === shard,
    );
    expect(another).toBeDefined();
    expect(shard.logGroups.size).toBe(0);
    expect(groupOf(engine, another)).toBeUndefined();
  });
});
