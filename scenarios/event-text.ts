const DAY_MS = 86_400_000;
const TWO = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
const BYTE = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

let dayOfCache = Number.NaN;
let dateOfCache = '';

/** ISO 8601 with milliseconds, as Date does it, at a tenth of the cost: the date is worked out once a day. */
export function isoTime(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== dayOfCache) {
    dayOfCache = day;
    dateOfCache = new Date(day * DAY_MS).toISOString().slice(0, 11);
  }
  const rest = ms - day * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  const thousandths = String(rest % 1000).padStart(3, '0');
  return `${dateOfCache}${TWO[Math.floor(seconds / 3600)]}:${TWO[Math.floor(seconds / 60) % 60]}:${TWO[seconds % 60]}.${thousandths}Z`;
}

function hexOf(word: number): string {
  return `${BYTE[word >>> 24]}${BYTE[(word >>> 16) & 255]}${BYTE[(word >>> 8) & 255]}${BYTE[word & 255]}`;
}

/** A UUID of version 4 from four random words. */
export function uuid(a: number, b: number, c: number, d: number): string {
  const second = hexOf(((b & 0xffff0fff) | 0x00004000) >>> 0);
  const third = hexOf(((c & 0x3fffffff) | 0x80000000) >>> 0);
  return `${hexOf(a)}-${second.slice(0, 4)}-${second.slice(4)}-${third.slice(0, 4)}-${third.slice(4)}${hexOf(d)}`;
}

/** Text as it stands between the quotes of a JSON string. */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Writes log events with unique ids of 56 digits, as CloudWatch numbers them: time first. */
export class EventWriter {
  readonly #source: string;
  #count = 0;

  /** @param source 23 digits that no other fleet shares */
  constructor(source: string) {
    this.#source = source;
  }

  /** Log events written so far. */
  get count(): number {
    return this.#count;
  }

  /** One log event; `message` is JSON-escaped already. */
  event(ms: number, message: string): string {
    const number = String(++this.#count).padStart(16, '0');
    return `{"id":"3810${ms}${this.#source}${number}","timestamp":${ms},"message":"${message}"}`;
  }
}
