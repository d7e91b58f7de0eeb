import { redact } from '../../ingest/redact.ts';

const ELLIPSIS = '…';
/** What is not seen but can hide or reorder what is: format characters but the joiners that scripts and emoji need. */
const INVISIBLE =
  /(?<=[\u0021-\u007e])[\u200c\u200d]|(?!\u200c|\u200d)(?:\p{Cf}|\u034f|\u115f|\u1160|\u3164|\uffa0|\u2800|[\ufe00-\ufe0e])/gu;
/** More marks on one letter than any script writes. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu;
const BLANKS = /[\s\u00a0]+/g;
/** What some sink escapes, or what may be part of a longer character. */
const SPECIAL = /[^ -~]|[&<>*~`_@]/;
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Text that came out of logs, or out of a file that others write, made fit to be shown: secrets, terminal sequences,
 * controls and invisible characters are gone; one line of at most `limit` UTF-16 units. Idempotent.
 */
export function clean(text: string, limit: number): string {
  const visible = text.slice(0, limit + 20_000).replace(INVISIBLE, '');
  // twice: what an escape sequence had torn apart may be a secret once that is gone
  const safe = redact(redact(visible, limit + 4000), limit + 4000);
  return fit(safe.replace(PILED_MARKS, '$1').replace(BLANKS, ' ').trim(), limit);
}

const asItIs = (grapheme: string): string => grapheme;

/**
 * `text`, each character (as a person sees one) as `written` writes it, cut to `limit` UTF-16 units: never within a surrogate
 * pair, a letter with its marks, or an escape. What was cut ends in `…`. `written` may change but what is no plain
 * ASCII, and `&<>*~`_@`.
 */
export function fit(text: string, limit: number, written: (grapheme: string) => string = asItIs): string {
  if (written === asItIs && text.length <= limit) return text; // nearly always: finding characters costs µs each
  if (text.length <= limit && !SPECIAL.test(text)) return text; // the usual case
  let whole = '';
  let room = '';
  for (const { segment } of GRAPHEMES.segment(text.slice(0, 4 * limit + 1000))) {
    const next = written(segment);
    if (whole.length + next.length > limit) return `${room.trimEnd()}${ELLIPSIS}`;
    whole += next;
    if (whole.length < limit) room = whole;
  }
  return whole;
}

/** The entry of a table by a key that others chose: `constructor` is none. */
export function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** `one, two and 3 more` within `limit` items. */
export function listed(items: readonly string[], limit: number): string {
  const more = items.length - limit;
  return more > 0 ? `${items.slice(0, limit).join(', ')} and ${more.toLocaleString('en-US')} more` : items.join(', ');
}
