import { EARLIEST_MS, LATEST_MS } from './bytes.ts';

/** ISO 8601 with optional fraction and zone; a space may stand for the T; no zone means UTC. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** Unix ms (fractions below are cut) of an ISO 8601 text between 2006 and 2100; NaN for anything else. */
export function instantOf(text: string): number {
  const match = ISO.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > days) return Number.NaN;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return Number.NaN;
  const ms = Number(`${fraction ?? ''}000`.slice(0, 3));
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    ms,
  );
  return believable(local - zoneMs(zone));
}

/** The value if it is a whole Unix ms between 2006 and 2100, else NaN. */
export function believable(timeMs: unknown): number {
  const isInstant =
    typeof timeMs === 'number' && Number.isInteger(timeMs) && timeMs >= EARLIEST_MS && timeMs < LATEST_MS;
  return isInstant ? timeMs : Number.NaN;
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone[0] === '-' ? -1 : 1) * minutes * 60_000;
}
