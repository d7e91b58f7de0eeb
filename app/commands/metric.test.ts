import { expect, test } from '@jest/globals';
import { file, tripline } from '../../test/captured-run.ts';

/** Two days of a metric with little noise; the value of row 2500 is given. */
function csv(odd: number): string {
  const lines = Array.from({ length: 2880 }, (_, row) => {
    const at = new Date(Date.UTC(2026, 0, 5) + row * 60_000).toISOString().slice(0, 19).replace('T', ' ');
    return `${at},${row === 2500 ? odd : 50 + ((row * 7919) % 13)}`;
  });
  return `timestamp,value\n${lines.join('\n')}\n`;
}

test('prints when, how much, what was expected and why', async () => {
  const { out, err, code } = await tripline(['metric', file('a.csv', csv(400))]);
  expect(out).toMatch(
    /^2026-01-06 17:40:00 {2}.*a\.csv {2}surprise \d+\.\d {2}\d+\.\d, expected 5\d\.\d+: mean of 10 rows is .* above .*\n$/,
  );
  expect(err).toBe('1 alert in 2,880 rows of 1 metric\n');
  expect(code).toBe(0);
});

test('as JSON from standard input, and exit code 3 when asked for', async () => {
  const { out, code } = await tripline(['metric', '--json', '--fail-on-alert', '-'], { stdin: Buffer.from(csv(400)) });
  expect(JSON.parse(out)).toMatchObject({
    at: '2026-01-06T17:40:00.000Z',
    metric: '-',
    line: 2502,
    value: 400,
    direction: 'up',
    why: expect.stringContaining('above'),
  });
  expect(code).toBe(3);
});

test('says nothing about a metric that is as always', async () => {
  expect(await tripline(['metric', '--fail-on-alert', file('a.csv', csv(55))])).toMatchObject({ code: 0, out: '' });
});

test.each([
  { name: 'no column value', content: 'timestamp,temperature\n', says: /a\.csv:1: no column `value`/ },
  { name: 'no heading', content: '2026-01-05,1\n', says: /a\.csv:1: no column `timestamp`/ },
  { name: 'empty', content: '', says: /a\.csv: empty: want a heading/ },
])('a file that is none is an error: $name', async ({ content, says }) => {
  const { code, err } = await tripline(['metric', file('a.csv', content)]);
  expect(code).toBe(1);
  expect(err).toMatch(says);
});

test('bad rows are counted, with the place and rule of the first; what nobody measured is none', async () => {
  const rows = csv(55).split('\n');
  rows.splice(5, 0, '2026-01-05 00:03:30,lots', 'soon,4', '2026-01-05 00:03:40,', '2026-01-05 00:03:50,NaN');
  const { code, err } = await tripline(['metric', file('a.csv', rows.join('\n'))]);
  expect(err).toMatch(/warning: .*a\.csv:6: value is not a number; 2 of 2,884 rows are bad/);
  expect(code).toBe(0);
});

test.each(['0', '-1', 'high'])('a bar of %s is wrong usage', async (bar) => {
  const { code, err } = await tripline(['metric', '--bar', bar, '-']);
  expect(code).toBe(2);
  expect(err).toContain('--bar');
});
