import { expect, test } from '@jest/globals';
import { WatchedGroups } from './watched-groups.ts';

const SETTINGS = { fastestMs: 1000, slowestMs: 60_000, overlapMs: 300_000, latenessMs: 900_000 };
const START_MS = Date.UTC(2026, 10, 9);

test('a group made anew between two listings: what was read of it under its old name is not taken again', () => {
  const watch = new WatchedGroups(null, () => 0.5);
  const add = (createdMs: number) =>
    watch.add('123456789012', 'us-east-1', { name: '/aws/lambda/pay', arn: '', createdMs }, SETTINGS, START_MS);
  const event = (id: string) => ({ id, timestampMs: START_MS + 5000, ingestionMs: START_MS, stream: 's', message: '' });
  const old = add(START_MS - 60_000);
  expect(old.fresh([event('1'), event('2')]).fresh).toHaveLength(2);
  watch.remove(old.key);
  const { fresh, duplicates } = add(START_MS).fresh([event('1'), event('2'), event('3')]);
  expect(fresh.map(({ id }) => id)).toEqual(['3']);
  expect(duplicates).toBe(2);
});
