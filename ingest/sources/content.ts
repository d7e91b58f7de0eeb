/** What a file's first bytes say it is. The name is never asked. */
export type Content =
  | { readonly kind: 'text' | 'gzip' | 'utf-16le' | 'utf-16be' | 'empty' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Bytes looked at. */
export const HEAD_BYTES = 8192;

/** Formats people have their logs in, or beside them, that we do not read: their first bytes, and what to say. */
const REFUSED: readonly (readonly [bytes: string, at: number, reason: string])[] = [
  ['\x28\xb5\x2f\xfd', 0, 'zstd-compressed: not supported, decompress first (zstd -d)'],
  ['BZh', 0, 'bzip2-compressed: not supported, decompress first (bunzip2)'],
  ['\xfd7zXZ\x00', 0, 'xz-compressed: not supported, decompress first (unxz)'],
  ['PK\x03\x04', 0, 'a zip archive: not supported, unpack first (unzip)'],
  ['7z\xbc\xaf', 0, 'a 7z archive: not supported, unpack first'],
  ['\x04\x22\x4d\x18', 0, 'lz4-compressed: not supported, decompress first (lz4 -d)'],
  ['ustar', 257, 'a tar archive: not supported, unpack first (tar -x)'],
  ['PAR1', 0, 'a Parquet file: not supported, export the log events as JSON lines'],
  ['Obj\x01', 0, 'an Avro file: not supported, export the log events as JSON lines'],
];

/** Share of control bytes from which on it cannot be a log: random bytes hold 10 %, logs with colours below 1 %. */
const BINARY_SHARE = 0.05;

/** @param head the first bytes, `HEAD_BYTES` of them unless the input is shorter */
export function contentOf(head: Uint8Array): Content {
  if (head.length === 0) return { kind: 'empty' };
  if (head[0] === 0x1f && head[1] === 0x8b) return { kind: 'gzip' };
  for (const [bytes, at, reason] of REFUSED) {
    if (startsWith(head, bytes, at)) return { kind: 'unreadable', reason };
  }
  if (head[0] === 0xff && head[1] === 0xfe) return { kind: 'utf-16le' };
  if (head[0] === 0xfe && head[1] === 0xff) return { kind: 'utf-16be' };
  let controls = 0;
  for (const byte of head) if (isControl(byte)) controls++;
  if (controls > head.length * BINARY_SHARE) return { kind: 'unreadable', reason: 'binary data, not a log' };
  return { kind: 'text' };
}

function startsWith(head: Uint8Array, bytes: string, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (head[at + i] !== bytes.charCodeAt(i)) return false;
  return true;
}

/** Control bytes other than tab, line ends, form feed, backspace and escape, which logs do hold. */
function isControl(byte: number): boolean {
  return byte < 0x20 ? !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b : byte === 0x7f;
}
