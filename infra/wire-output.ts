const LOW_BITS = 2 ** 7;

/** Bytes that grow and are kept between blocks. Callers `reserve`, then write at `length` and move it. */
export class Output {
  bytes = new Uint8Array(4096);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** Makes room for `count` more bytes. `bytes` and `view` may be others afterwards. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Room must be reserved, as for all below. */
  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** Little-endian base 128, up to 8 bytes, 2^53 - 1. */
  varint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.length++] = (rest % LOW_BITS) | 0x80;
      rest = Math.floor(rest / LOW_BITS);
    }
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** For integers of either sign, up to 2^51. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** A varint of a number that is known only later: `width` bytes, to be filled by `patch`. */
  gap(width: number): number {
    const at = this.length;
    this.length += width;
    return at;
  }

  patch(at: number, width: number, value: number): void {
    for (let i = 0; i < width; i++) this.bytes[at + i] = ((value >>> (7 * i)) & 0x7f) | (i < width - 1 ? 0x80 : 0);
  }
}
