const DECIMAL = /^(\d{1,15})(?:\.(\d{1,30}))?$/;

/** A plain decimal text in thousandths, rounded half up from its digits, so without binary error; NaN for anything else. */
export function thousandthsOf(text: string): number {
  const match = DECIMAL.exec(text);
  if (match === null) return Number.NaN;
  const fraction = `${match[2] ?? ''}000`;
  const roundUp = fraction.length > 3 && fraction.charCodeAt(3) >= 0x35 ? 1 : 0;
  return Number(match[1]) * 1000 + Number(fraction.slice(0, 3)) + roundUp;
}

/** A JSON number of milliseconds in whole microseconds; NaN for what is no number, negative, or above `maxUs`. */
export function microsOf(value: unknown, maxUs: number): number {
  if (typeof value !== 'number' || !(value >= 0)) return Number.NaN;
  const us = Math.round(value * 1000);
  return us <= maxUs ? us : Number.NaN;
}
