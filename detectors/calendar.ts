import { EPOCH_MINUTE } from './page.ts';

/** Where a minute stands in the day and the week of the operator's time zone. */
export interface CalendarMinute {
  /** minutes since 2020-01-01 UTC */
  minute: number;
  hour: number; // 0..23
  /** the neighbouring hour whose centre is the other one nearest */
  otherHour: number;
  /** weight of `otherHour`, 0..0.5: rates are interpolated between the centres of hours */
  otherWeight: number;
  weekend: 0 | 1;
  otherWeekend: 0 | 1;
}

const DAY = 1440;

/** Days since 1970 of local dates such as `2026-12-25`. */
function daysOf(dates: readonly string[]): ReadonlySet<number> {
  return new Set(dates.map((date) => Date.parse(`${date}T00:00:00Z`) / 86_400_000));
}

/**
 * Turns minutes into calendar positions. The zone's offset is looked up once a quarter of an hour (no zone changes
 * more finely), so DST moves the profile with the clock on the wall. `holidays` are local dates that count as days of a
 * weekend. Pure: ICU data and the minute decide.
 */
export function createCalendar(timeZone: string, holidays: readonly string[] = []): (minute: number) => CalendarMinute {
  const free = daysOf(holidays);
  const offsetAt = timeZone === 'UTC' ? () => 0 : zoneOffset(timeZone);
  const out: CalendarMinute = { minute: 0, hour: 0, otherHour: 0, otherWeight: 0, weekend: 0, otherWeekend: 0 };
  return (minute) => {
    const local = minute + EPOCH_MINUTE + offsetAt(minute);
    const ofHour = ((local % 60) + 60) % 60;
    const towards = ofHour < 30 ? -60 : 60;
    out.minute = minute;
    out.hour = hourOf(local);
    out.weekend = weekendOf(local, free);
    out.otherHour = hourOf(local + towards);
    out.otherWeekend = weekendOf(local + towards, free);
    out.otherWeight = Math.abs(ofHour + 0.5 - 30) / 60;
    return out;
  };
}

function hourOf(local: number): number {
  return Math.floor((((local % DAY) + DAY) % DAY) / 60);
}

function weekendOf(local: number, free: ReadonlySet<number>): 0 | 1 {
  const date = Math.floor(local / DAY);
  const day = (((date + 4) % 7) + 7) % 7; // 1970-01-01 was a Thursday
  return day === 0 || day === 6 || free.has(date) ? 1 : 0;
}

function zoneOffset(timeZone: string): (minute: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  let quarter = Number.NaN;
  let offset = 0;
  return (minute) => {
    const current = Math.floor(minute / 15);
    if (current !== quarter) {
      quarter = current;
      const ms = (current * 15 + EPOCH_MINUTE) * 60_000;
      const part: { [name: string]: number; year?: number; month?: number } = {};
      for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
      const local = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute);
      offset = Math.round((local - ms) / 60_000);
    }
    return offset;
  };
}
