import { withoutSecrets } from './secrets.ts';

/** Characters of a reject's excerpt. */
const EXCERPT_LENGTH = 500;
const ELLIPSIS = '…';

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const ESCAPE_SEQUENCE =
  /\u001b(?:\[[0-9;:?<=>]{0,32}[ -/]{0,4}[@-~]|\][^\u0007\u001b]{0,2000}(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
/** C0 and C1 controls, line and paragraph separators, and the marks that turn the direction of writing */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Makes text from a log safe to store and show: secrets become `[redacted:<kind>]`, terminal sequences go, other control
 * characters are written out (`\n`, `\u0007`), lone surrogates become U+FFFD, and it is cut to `maxLength` characters.
 * Idempotent. About 10 ns a character.
 */
export function redact(text: string, maxLength = 4000): string {
  // secrets first, on more than is kept: a cut must not leave half of one behind, unrecognised
  const clean = withoutSecrets(text.slice(0, maxLength + 20_000))
    .replace(ESCAPE_SEQUENCE, '')
    .replace(CONTROL, escapeControl)
    .replace(LONE_SURROGATE, '\ufffd');
  if (clean.length <= maxLength) return clean;
  return `${clean.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}${ELLIPSIS}`;
}

export const excerptOf = (text: string): string => redact(text, EXCERPT_LENGTH);

function escapeControl(char: string): string {
  if (char === '\n') return '\\n';
  if (char === '\t') return '\\t';
  if (char === '\r') return '\\r';
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
