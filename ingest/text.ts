import { Byte } from './bytes.ts';

/** What JSON takes for a space. */
export const isSpace = (byte: number | undefined): boolean =>
  byte === Byte.space || byte === Byte.newline || byte === Byte.tab || byte === Byte.carriageReturn;

/** The text of a range of UTF-8; bytes that are none become U+FFFD. */
export function textBetween(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(to, bytes.length) - from).toString();
}

/** Zero bytes, or a tenth of what is shown no text at all. */
export function isBinary(text: string): boolean {
  if (text.includes('\u0000')) return true;
  const head = text.slice(0, 1000);
  let odd = 0;
  for (let i = 0; i < head.length; i++) if (head.charCodeAt(i) === 0xfffd) odd++;
  return odd * 10 > head.length;
}
