const COMMA = 0x2c;
const DOT = 0x2e;
const MINUS = 0x2d;
const NEWLINE = 0x0a;
const NINE_DIGITS = 1e9;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const QUOTE = 0x27;
const TAB = 0x09;
const ZERO = 0x30;

/** 2100-01-01: later times would not fit ClickHouse's DateTime. */
const LAST_MS = 4_102_444_800_000;
const MINUTE_MS = 60_000;

const SPECIAL = /[\\\t\n\r\0\b\f']/;
const EVERY_SPECIAL = /[\\\t\n\r\0\b\f']/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  "'": "\\'",
};

/**
 * Rows as ClickHouse's TabSeparated text, written straight into bytes: a quarter of the time of building a string
 * (about 1 µs a minute row of 20 columns). Every value ends with a tab; `endRow` turns the last into a newline.
 */
export class RowText {
  rows = 0;
  length = 0;
  #bytes = Buffer.allocUnsafe(1 << 16);
  #minuteMs = Number.NaN;
  #minute = '';

  /** The rows so far; the memory is handed over, the next row starts a new one. */
  take(): Buffer {
    const text = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.allocUnsafe(Math.max(1 << 16, this.#bytes.length));
    this.rows = 0;
    this.length = 0;
    return text;
  }

  /** The rows so far in memory of their own size; what is kept for the next row is small. Costs a copy. */
  cut(): Buffer {
    const text = Buffer.from(this.#bytes.subarray(0, this.length));
    if (this.#bytes.length > 1 << 20) this.#bytes = Buffer.allocUnsafe(1 << 16);
    this.rows = 0;
    this.length = 0;
    return text;
  }

  endRow(): void {
    this.#bytes[this.length - 1] = NEWLINE;
    this.rows++;
  }

  /** A whole number; what is not one is rounded. @throws {RangeError} on NaN or an infinity: a bug of the caller */
  integer(value: number): void {
    this.#reserve(24);
    this.#digits(value);
    this.#bytes[this.length++] = TAB;
  }

  integerOrNull(value: number | null): void {
    if (value === null || Number.isNaN(value)) this.#ascii('\\N\t');
    else this.integer(value);
  }

  /** Any double, exactly; NaN and infinities are kept. */
  double(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER) this.integer(value);
    else this.#ascii(`${Number.isNaN(value) ? 'nan' : String(value).replace('Infinity', 'inf')}\t`);
  }

  doubleOrNull(value: number | null | undefined): void {
    if (value === null || value === undefined) this.#ascii('\\N\t');
    else this.double(value);
  }

  boolOrNull(value: boolean | null): void {
    this.#ascii(value === null ? '\\N\t' : value ? '1\t' : '0\t');
  }

  text(value: string): void {
    this.#text(value);
    this.#bytes[this.length++] = TAB;
  }

  textOrNull(value: string | null): void {
    if (value === null) this.#ascii('\\N\t');
    else this.text(value);
  }

  /** Unix ms as a DateTime, cut to the second; before 1970 and after 2099 it is kept at the edge. */
  dateTime(ms: number): void {
    this.#seconds(clampTime(ms));
    this.#bytes[this.length++] = TAB;
  }

  /** Unix ms as a DateTime64(3). */
  dateTimeMs(ms: number): void {
    const time = clampTime(ms);
    this.#seconds(time);
    const bytes = this.#bytes;
    const fraction = time % 1000;
    bytes[this.length++] = DOT;
    bytes[this.length++] = ZERO + Math.floor(fraction / 100);
    bytes[this.length++] = ZERO + (Math.floor(fraction / 10) % 10);
    bytes[this.length++] = ZERO + (fraction % 10);
    bytes[this.length++] = TAB;
  }

  dateTimeMsOrNull(ms: number | null): void {
    if (ms === null) this.#ascii('\\N\t');
    else this.dateTimeMs(ms);
  }

  integers(values: readonly number[]): void {
    this.#reserve(3 + values.length * 24);
    this.#bytes[this.length++] = OPEN;
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.#bytes[this.length++] = COMMA;
      this.#digits(values[i] as number);
    }
    this.#bytes[this.length++] = CLOSE;
    this.#bytes[this.length++] = TAB;
  }

  texts(values: readonly string[]): void {
    this.#ascii('[');
    for (const [i, value] of values.entries()) {
      this.#ascii(i > 0 ? ",'" : "'");
      this.#text(value);
      this.#bytes[this.length++] = QUOTE;
    }
    this.#ascii(']\t');
  }

  /** Room for `count` bytes more. */
  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + count));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }

  #ascii(text: string): void {
    this.#reserve(text.length);
    this.length += this.#bytes.write(text, this.length, 'latin1');
  }

  /** Leaves room for a byte behind it. */
  #text(value: string): void {
    const escaped = SPECIAL.test(value) ? value.replace(EVERY_SPECIAL, (char) => ESCAPES[char] as string) : value;
    this.#reserve(escaped.length * 3 + 1);
    this.length += this.#bytes.write(escaped, this.length, 'utf8');
  }

  /** `YYYY-MM-DD hh:mm:ss`; leaves room for a fraction and a tab. Rows come minute by minute, so the text is kept. */
  #seconds(time: number): void {
    const minuteMs = time - (time % MINUTE_MS);
    if (minuteMs !== this.#minuteMs) {
      this.#minuteMs = minuteMs;
      this.#minute = new Date(minuteMs).toISOString().slice(0, 17).replace('T', ' ');
    }
    this.#reserve(32);
    this.length += this.#bytes.write(this.#minute, this.length, 'latin1');
    const second = Math.floor((time - minuteMs) / 1000);
    this.#bytes[this.length++] = ZERO + Math.floor(second / 10);
    this.#bytes[this.length++] = ZERO + (second % 10);
  }

  /** Needs 22 bytes of room. */
  #digits(value: number): void {
    let whole = Math.round(value);
    if (whole < 0) {
      this.#bytes[this.length++] = MINUS;
      whole = -whole;
    }
    if (whole < NINE_DIGITS) this.#smallDigits(whole);
    else this.length += this.#bytes.write(BigInt(whole).toString(), this.length, 'latin1');
  }

  #smallDigits(value: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    let width = 1;
    for (let limit = 10; rest >= limit && width < 9; limit *= 10) width++;
    for (let at = this.length + width - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.length += width;
  }
}

/** @throws {RangeError} on NaN: a bug of the caller */
function clampTime(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError('time is NaN');
  return Math.min(LAST_MS - 1, Math.max(0, Math.floor(ms)));
}
