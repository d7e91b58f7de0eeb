import { describe, expect, test } from '@jest/globals';
import { check } from './check.ts';
import type { Received } from './receiver.ts';

const body = (key: string, reason = 'so') => {
  const [incident_id, version] = key.split('-');
  return JSON.stringify({ incident_id, version: Number(version), reason });
};
const KEYS = ['a-1', 'b-1', 'a-2', 'b-2'];
const EXPECTED = new Map(KEYS.map((key) => [key, body(key)]));
const got = (key: string, isTaken = true, text = body(key)): Received => ({ key, body: text, isTaken });

test('what came as it should, or again at once, is right', () => {
  expect(
    check(
      EXPECTED,
      KEYS.map((key) => got(key)),
    ),
  ).toMatchObject({ faults: [], repeated: 0 });
  const twice = [got('a-1', false), got('a-1'), got('a-1'), got('b-1'), got('a-2'), got('b-2', false), got('b-2')];
  expect(check(EXPECTED, twice)).toMatchObject({ faults: [], repeated: 3 });
});

test('when it was noticed may differ', () => {
  const later = (key: string) => body(key).replace('"so"', '"so","at":7,"opened_at":7');
  expect(
    check(
      EXPECTED,
      KEYS.map((key) => got(key, true, later(key))),
    ).faults,
  ).toEqual([]);
});

describe('the checker sees', () => {
  test.each([
    { name: 'what never arrived', found: [got('a-1'), got('b-1'), got('a-2')], fault: /b-2 never arrived/ },
    { name: 'what was never taken', found: [...KEYS.slice(0, 3).map((key) => got(key)), got('b-2', false)], fault: /b-2 never arrived/ },
    { name: 'what nobody asked for', found: [...KEYS, 'c-1'].map((key) => got(key)), fault: /c-1 should never/ },
    { name: 'another content', found: KEYS.map((key) => got(key, true, body(key, key === 'b-1' ? 'other' : 'so'))), fault: /b-1 says something else/ },
    { name: 'another content than before', found: [got('a-1'), got('a-1', true, body('a-1').replace('"so"', '"so","at":1')), ...KEYS.slice(1).map((key) => got(key))], fault: /a-1 says something else than before/ },
    { name: 'another key', found: [got('a-1', true, body('a-9')), ...KEYS.slice(1).map((key) => got(key))], fault: /a-1 carries a-9/ },
    { name: 'another order', found: ['a-1', 'a-2', 'b-1', 'b-2'].map((key) => got(key)), fault: /out of order: a-2 came where b-1 was due/ },
    { name: 'somebody who goes back', found: ['a-1', 'b-1', 'a-1', 'a-2', 'b-2'].map((key) => got(key)), fault: /out of order/ },
  ])('$name', ({ found, fault }) => {
    expect(check(EXPECTED, found).faults.join('\n')).toMatch(fault);
  }); // biome-ignore format: a table
});
