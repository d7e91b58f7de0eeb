const LOW_BITS = 2 ** 7;

/** Appends to bytes that grow. Varints are little-endian base 128, for integers up to 2^53 - 1. */
export class ByteWriter {
  bytes: Buffer = Buffer.allocUnsafe(64 * 1024);
  length = 0;

  /** Makes room for `count` more bytes and returns where they begin; the caller fills them. */
  reserve(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.length, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, start);
      this.bytes = grown;
    }
    return start;
  }

  byte(value: number): void {
    this.bytes[this.reserve(1)] = value;
  }

  varint(value: number): void {
    let at = this.reserve(8);
    const { bytes } = this;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % LOW_BITS) | 0x80;
      rest = Math.floor(rest / LOW_BITS);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  text(text: string): void {
    // A text with half a surrogate pair has no UTF-8; two texts that differ must stay two, so it travels as UTF-16.
    const isUtf16 = HALF_PAIR.test(text);
    const length = Buffer.byteLength(text, isUtf16 ? 'utf16le' : 'utf8');
    this.varint(length * 2 + (isUtf16 ? 1 : 0));
    const at = this.reserve(length);
    this.bytes.write(text, at, length, isUtf16 ? 'utf16le' : 'utf8');
  }
}

const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
