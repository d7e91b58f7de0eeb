import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RecentRow } from '../detectors/recent.ts';
import { widthOf } from '../infra/table-text.ts';
import { frameOf } from './terminal.ts';
import { SORT_KEYS, topLines, topRows } from './top-table.ts';

const plain = (text: string) => text;
const row = (name: string, given: Partial<RecentRow> = {}): RecentRow => ({
  fn: `aws/123456789012/eu-west-1/${name}`,
  minutes: 5,
  calls: 50,
  errors: 0,
  p95Ms: 120,
  dollarsPerHour: 0.01,
  lastSeenMs: Date.UTC(2026, 10, 9, 12),
  incidents: 0,
  ...given,
});

describe('tripline top', () => {
  test('figures are of a minute, and every key puts the worst first', () => {
    const rows = [
      row('quiet', { calls: 1 }),
      row('busy', { calls: 5000, p95Ms: 3 }),
      row('bad', { errors: 25, incidents: 2, dollarsPerHour: 9, p95Ms: 900 }),
    ];
    const first = (sort: string) => topRows(rows, sort)[0]!.function;
    expect(topRows(rows, 'calls')[0]).toMatchObject({ function: 'busy', calls_per_minute: 1000, error_share: 0 });
    expect(['errors', 'p95', 'cost', 'alerts'].map(first)).toEqual(['bad', 'bad', 'bad', 'bad']);
    expect(first('name')).toBe('bad');
    expect(() => topRows(rows, 'nonsense')).toThrow(/one of calls/);
    for (const sort of SORT_KEYS) expect(topRows([...rows].reverse(), sort)).toEqual(topRows(rows, sort));
  });

  test('what is not known is a dash, not a zero', () => {
    const [line] = topLines(
      topRows([row('new', { calls: 0, minutes: 0, p95Ms: null, lastSeenMs: Number.NaN })], 'calls'),
      { width: 100, height: null },
      plain,
    ).slice(2);
    expect(line!.split(/\s+/)).toEqual(['new', '0.0', '-', '-', '-', '0.0100', '-']);
  });

  test('no line is wider than the terminal and no frame higher, whatever functions are called', () => {
    const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constant('\u001b[2J\u202e日本語'));
    fc.assert(
      fc.property(
        fc.array(name, { maxLength: 30 }),
        fc.integer({ min: 12, max: 140 }),
        fc.integer({ min: 4, max: 40 }),
        (names, width, height) => {
          const lines = topLines(
            topRows(
              names.map((it, i) => row(it, { calls: i * 1e6 })),
              'calls',
            ),
            { width, height },
            plain,
          );
          expect(lines.length).toBeLessThanOrEqual(height);
          expect(lines.join('')).not.toContain('\u001b');
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a frame is drawn over the one before, without clearing the screen first', () => {
    expect(frameOf(['a', 'b'])).toBe('\u001b[Ha\u001b[K\r\nb\u001b[K\u001b[J');
  });
});
