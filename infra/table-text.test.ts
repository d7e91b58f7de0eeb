import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvLine, cut, harmless, harmlessJson, TextTable, widthOf } from './table-text.ts';

/** Any text, rich in what hurts. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[31m',
        '\n',
        '\r',
        '\t',
        '\u009b2J',
        '\u202e',
        '\u2028',
        '\ud800',
        '"',
        "'",
        ',',
        '=1+1',
        '漢',
        '💥',
        'e\u0301',
        'ab',
      ),
    )
    .map((parts) => parts.join('')),
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not come out
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('harmless', () => {
  test('shows what was there without doing it', () => {
    expect(harmless('a\u001b[31mred\n\u202etxt')).toBe('a\\x1b[31mred\\n\\u202etxt');
  });

  test('leaves no control character, whatever the text', async () => {
    await fc.assert(fc.property(text, (any) => !CONTROL.test(harmless(any))));
  });

  test('JSON stays the same value and one line', async () => {
    await fc.assert(
      fc.property(text, (any) => {
        const json = harmlessJson(JSON.stringify({ any }));
        expect(JSON.parse(json)).toEqual({ any });
        expect(json).not.toMatch(CONTROL);
      }),
    );
  });
});

describe('width', () => {
  test.each([
    { shown: 'abc', width: 3 },
    { shown: '漢字', width: 4 },
    { shown: '💥', width: 2 },
    { shown: 'e\u0301', width: 1 },
    { shown: 'ᴺᵁᴸᴸ', width: 4 },
  ])('of $shown is $width', ({ shown, width }) => {
    expect(widthOf(shown)).toBe(width);
  });

  test.each([
    { from: 'abcdef', to: 4, gives: 'abc…' },
    { from: 'abcd', to: 4, gives: 'abcd' },
    { from: '漢字漢', to: 4, gives: '漢…' },
  ])('$from cut to $to is $gives', ({ from, to, gives }) => {
    expect(cut(from, to)).toBe(gives);
  });

  test('cut text is never wider than asked', async () => {
    await fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (any, width) => widthOf(cut(harmless(any), width)) <= width),
    );
  });
});

describe('table', () => {
  const columns = [
    { name: 'name', align: 'left' },
    { name: 'n', align: 'right' },
  ] as const;

  test('aligns, and repeats the names only above the first rows', () => {
    const table = new TextTable(columns, null);
    expect(
      table.lines([
        ['a', '1'],
        ['漢字', '200'],
      ]),
    ).toEqual(['name    n', '────  ───', 'a       1', '漢字  200']);
    expect(table.lines([['much longer than any before', '3']])).toEqual(['much longer than any before    3']);
  });

  test('cuts the widest cells to fit a terminal', () => {
    const lines = new TextTable(columns, 20).lines([['x'.repeat(50), '12345']]);
    expect(lines).toEqual([`name${' '.repeat(15)}n`, `${'─'.repeat(13)}  ─────`, `${'x'.repeat(12)}…  12345`]);
  });

  test('becomes blocks where columns would be stumps', () => {
    const many = Array.from({ length: 10 }, (_, i) => ({ name: `column${i}`, align: 'left' as const }));
    const lines = new TextTable(many, 60).lines([many.map((_, i) => `a long value ${i}`)]);
    expect(lines).toHaveLength(11);
    expect(lines[1]).toBe('column0  a long value 0');
  });

  test('no cell can leave its line, and no line is wider than the terminal', async () => {
    await fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), (rows) => {
        const lines = new TextTable(columns, 40).lines(rows);
        expect(lines).toHaveLength(rows.length + 2);
        for (const line of lines) {
          expect(line).not.toMatch(CONTROL);
          expect(widthOf(line)).toBeLessThanOrEqual(40);
        }
      }),
    );
  });
});

describe('CSV', () => {
  test.each([
    { name: 'plain text', cell: { text: 'abc', isNumber: false }, gives: 'abc' },
    { name: 'a comma and a quote', cell: { text: 'a,"b"', isNumber: false }, gives: '"a,""b"""' },
    { name: 'a line break', cell: { text: 'a\nb', isNumber: false }, gives: '"a\nb"' },
    { name: 'a formula', cell: { text: '=HYPERLINK("x")', isNumber: false }, gives: `"'=HYPERLINK(""x"")"` },
    { name: 'a formula behind a tab', cell: { text: '\t=1', isNumber: false }, gives: `"'\\t=1"` },
    { name: 'a negative number', cell: { text: '-1.5', isNumber: true }, gives: '-1.5' },
    { name: 'terminal codes', cell: { text: '\u001b[2J', isNumber: false }, gives: '\\x1b[2J' },
  ])('$name', ({ cell, gives }) => {
    expect(csvLine([cell])).toBe(gives);
  });
});
