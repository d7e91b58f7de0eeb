import { describe, expect, test } from '@jest/globals';
import { compare, type Outcome } from './compare.ts';

const event = (id: string, name: string) => JSON.stringify({ incident_id: id, transition: name });
const ALERTS = [event('a', 'opened'), event('b', 'opened'), event('a', 'updated'), event('a', 'resolved')];
const ROWS = ['f\t1\t10', 'f\t2\t11', 'f\t2\t11', 'g\t1\t12'];
const outcome = (alerts: readonly string[] = ALERTS, rows: readonly string[] = ROWS): Outcome => ({
  alerts,
  tables: new Map([['function_minutes', rows]]),
});

test('a run equals itself, in whatever order its alerts came', () => {
  const [opened, other, ...rest] = ALERTS as [string, string, string, string];
  const comparison = compare(outcome(), outcome([other, opened, ...rest]));
  expect(comparison).toMatchObject({ isEqual: true, alerts: { expected: 4, equal: 4 }, tables: [{ equal: 4 }] });
});

describe('the checker sees', () => {
  const without = (lines: readonly string[], i: number) => lines.filter((_, at) => at !== i);
  test.each<{ name: string; found: Outcome; alerts: object; rows: object }>([
    {
      name: 'an alert that is missing',
      found: outcome(without(ALERTS, 2)),
      alerts: { equal: 3, missing: 1, twice: 0, other: 0 },
      rows: { missing: 0 },
    },
    {
      name: 'an alert that was said twice',
      found: outcome([...ALERTS, ALERTS[1]!]),
      alerts: { equal: 4, missing: 0, twice: 1, other: 0 },
      rows: { missing: 0 },
    },
    {
      name: 'an alert that says something else',
      found: outcome(ALERTS.with(1, event('b', 'updated'))),
      alerts: { equal: 3, missing: 1, other: 1 },
      rows: { missing: 0 },
    },
    {
      name: 'an alert that was resolved before it was updated',
      found: outcome([ALERTS[0]!, ALERTS[1]!, ALERTS[3]!, ALERTS[2]!]),
      alerts: { equal: 4, misordered: 1 },
      rows: { missing: 0 },
    },
    {
      name: 'a row that was changed',
      found: outcome(ALERTS, ROWS.with(0, 'f\t1\t9')),
      alerts: { missing: 0 },
      rows: { equal: 3, missing: 1, other: 1, twice: 0 },
    },
    {
      name: 'a row that is missing, where its like is there',
      found: outcome(ALERTS, without(ROWS, 1)),
      alerts: { missing: 0 },
      rows: { equal: 3, missing: 1, twice: 0 },
    },
    {
      name: 'a row that is there twice',
      found: outcome(ALERTS, [...ROWS, ROWS[3]!]),
      alerts: { missing: 0 },
      rows: { equal: 4, twice: 1 },
    },
    {
      name: 'a table that is not there',
      found: { alerts: ALERTS, tables: new Map() },
      alerts: { missing: 0 },
      rows: { equal: 0, missing: 4 },
    },
  ])('$name', ({ found, alerts, rows }) => {
    const comparison = compare(outcome(), found);
    expect(comparison.isEqual).toBe(false);
    expect(comparison.alerts).toMatchObject(alerts);
    expect(comparison.tables[0]).toMatchObject(rows);
    const examples = [comparison.alerts, ...comparison.tables].flatMap((lines) => lines.examples);
    expect(examples.length).toBeGreaterThan(0);
  });
});
