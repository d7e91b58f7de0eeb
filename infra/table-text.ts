/**
 * Text that came from logs, made harmless for a terminal, a spreadsheet and a pipe: nothing in a cell can move the
 * cursor, start a new row, turn the direction of writing or become a formula.
 */

/** C0 and C1 controls, marks that turn the writing direction, line separators, the byte order mark, halves of a pair. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** On one line, every harmful character shown as `\n`, `\x1b` or `\u202e`. */
export function harmless(text: string): string {
  return text.replace(HARMFUL, (char) => SHORT[char] ?? escaped(char));
}

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** JSON text whose strings hold nothing harmful: it parses to the same value. */
export function harmlessJson(json: string): string {
  return json.replace(HARMFUL, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Characters that take two columns: East Asian wide ones and pictures. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}/u;
const ASCII = /^[ -~]*$/;

/** Columns of a terminal that `text` takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  return NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

/** Cut to `width` columns, the last of them `…` where something was cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const char of text) {
    used += charWidth(char);
    if (used > width - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

export interface Column {
  readonly name: string;
  readonly align: 'left' | 'right';
}

const GAP = '  ';
/** Narrower than this a cut cell says nothing. */
const LEAST_WIDTH = 8;

/**
 * Rows under a line of names, columns aligned to the widest cell of the first rows it is given. On a terminal of `width`
 * columns the widest cells are cut; where that would leave stumps, each row becomes a block of `name  value` lines.
 */
export class TextTable {
  readonly #columns: readonly Column[];
  readonly #width: number | null;
  #widths: readonly number[] | null | undefined; // null = blocks
  #count = 0;

  /** `width` null = no terminal: nothing is cut. */
  constructor(columns: readonly Column[], width: number | null) {
    this.#columns = columns;
    this.#width = width;
  }

  /** The next rows as lines; the names stand above the first ones. Cells may hold any text. */
  lines(rows: readonly (readonly string[])[]): string[] {
    const safe = rows.map((row) => row.map(harmless));
    const isFirst = this.#widths === undefined;
    if (this.#widths === undefined) this.#widths = this.#layout(safe);
    const widths = this.#widths;
    if (widths === null) return safe.flatMap((row) => this.#block(row));
    const names = this.#columns.map((column) => harmless(column.name));
    return (isFirst ? [names, widths.map((width) => '─'.repeat(width)), ...safe] : safe).map((row) =>
      this.#line(row, widths),
    );
  }

  #line(cells: readonly string[], widths: readonly number[]): string {
    const padded = cells.map((cell, i) => {
      const text = this.#width === null ? cell : cut(cell, widths[i] ?? 0);
      const space = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(text)));
      return this.#columns[i]?.align === 'right' ? space + text : text + space;
    });
    return padded.join(GAP).trimEnd();
  }

  #block(cells: readonly string[]): string[] {
    const names = this.#columns.map((column) => harmless(column.name));
    const widest = Math.max(...names.map(widthOf));
    this.#count++;
    const title = `── ${this.#count} ${'─'.repeat(Math.max(0, widest - String(this.#count).length))}`;
    return [title, ...names.map((name, i) => `${name}${' '.repeat(widest - widthOf(name))}${GAP}${cells[i] ?? ''}`)];
  }

  #layout(rows: readonly (readonly string[])[]): number[] | null {
    const natural = this.#columns.map(({ name }, i) =>
      rows.reduce((widest, row) => Math.max(widest, widthOf(row[i] ?? '')), widthOf(harmless(name))),
    );
    if (this.#width === null) return natural;
    const room = this.#width - GAP.length * (natural.length - 1);
    const total = (most: number) => natural.reduce((sum, width) => sum + Math.min(width, most), 0);
    let most = Math.max(...natural, 0);
    while (most > LEAST_WIDTH && total(most) > room) most--;
    return total(most) > room ? null : natural.map((width) => Math.min(width, most));
  }
}

/** Starts a formula in a spreadsheet. */
const FORMULA = /^[=+\-@\t\r]/;

/** A line of CSV (RFC 4180). A text that a spreadsheet would run gets a quote before it; numbers are left as they are. */
export function csvLine(cells: readonly { readonly text: string; readonly isNumber: boolean }[]): string {
  const quoted = cells.map(({ text, isNumber }) => {
    const safe = text.split('\n').map(harmless).join('\n'); // a line break is fine inside quotes
    const inert = !isNumber && FORMULA.test(text) ? `'${safe}` : safe;
    return /[",\n']/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
  });
  return quoted.join(',');
}
