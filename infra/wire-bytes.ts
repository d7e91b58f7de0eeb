/** The bytes are no block or message that this program can read. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: 'NOT_A_BLOCK' | 'NEWER_VERSION' | 'MALFORMED';

  constructor(code: WireError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const LOW_BITS = 2 ** 7;

/** Reads bytes with numbers as varints: little-endian base 128, up to 2^53 - 1. @throws {WireError} MALFORMED where the bytes end too early or a number is too large */
export class ByteReader {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Steps over `count` bytes and returns where they begin. */
  skip(count: number): number {
    const start = this.at;
    if (count > this.end - start) throw new WireError('MALFORMED', 'the block ends early');
    this.at += count;
    return start;
  }

  byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  varint(): number {
    const { bytes, end } = this;
    if (this.at < end && bytes[this.at]! < LOW_BITS) return bytes[this.at++]!;
    let value = 0;
    let scale = 1;
    for (let digits = 0; digits < 8; digits++) {
      if (this.at >= end) throw new WireError('MALFORMED', 'the block ends early');
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= LOW_BITS;
    }
    throw new WireError('MALFORMED', 'a number is too large');
  }

  /** An integer of either sign. */
  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** As format 1 writes texts. */
  text(): string {
    const head = this.varint();
    const length = Math.floor(head / 2);
    const start = this.skip(length);
    return this.bytes.toString(head % 2 === 1 ? 'utf16le' : 'utf8', start, start + length);
  }
}
