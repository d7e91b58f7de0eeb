import type { Parts } from './ablation.ts';
import { type CalendarMinute, createCalendar } from './calendar.ts';
import type { GradeTime } from './ring.ts';
import type { DetectionSettings } from './settings.ts';

/** The calendar of graded minutes; the object is the same for calls with the same minute. */
export function createTimeOf(
  { timeZone, holidays }: DetectionSettings,
  parts: Parts,
  sourceStart: () => number,
): (minute: number) => GradeTime {
  const calendar = createCalendar(timeZone, holidays);
  const copy = (minute: number): CalendarMinute => withoutRhythm({ ...calendar(minute) }, parts);
  let known: GradeTime | null = null;
  return (minute) => {
    if (known !== null && known.minute === minute) return known;
    known = {
      minute,
      now: copy(minute),
      block5: copy(minute - 13),
      block15: copy(minute - 53),
      sourceStart: sourceStart(),
      learnsSoon: !parts.learnBehind,
    };
    return known;
  };
}

/** One hour, one kind of day: what the ablation bench leaves of the calendar. */
function withoutRhythm(at: CalendarMinute, { hours, weekends }: Parts): CalendarMinute {
  if (!hours) {
    at.hour = 0;
    at.otherHour = 0;
    at.otherWeight = 0;
    at.otherWeekend = at.weekend;
  }
  if (!weekends) {
    at.weekend = 0;
    at.otherWeekend = 0;
  }
  return at;
}
