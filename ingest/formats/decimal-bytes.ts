import { Byte } from '../bytes.ts';

/**
 * Reads a plain decimal number from bytes, in thousandths, exactly: at most 9 digits before the point and 3 after.
 * Anything else (sign, exponent, more digits) is left to the text readers.
 */
export class DecimalBytes {
  /** the number read last, × 1000 */
  thousandths = 0;

  /** Where the number that starts at `at` ends, or -1. About 1 ns a digit. */
  read(view: DataView, at: number): number {
    let p = at;
    let whole = 0;
    let digit = view.getUint8(p) - Byte.zero;
    while (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digit = view.getUint8(++p) - Byte.zero;
    }
    const digits = p - at;
    if (digits === 0 || digits > 9 || (digits > 1 && view.getUint8(at) === Byte.zero)) return -1;
    let fraction = 0;
    if (view.getUint8(p) === Byte.dot) {
      const point = p++;
      let scale = 100;
      digit = view.getUint8(p) - Byte.zero;
      while (digit >= 0 && digit <= 9) {
        fraction += digit * scale;
        scale = (scale / 10) | 0;
        digit = view.getUint8(++p) - Byte.zero;
      }
      if (p - point < 2 || p - point > 4) return -1;
    }
    this.thousandths = whole * 1000 + fraction;
    return p;
  }
}
