import type { FunctionProfile } from './profile.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Share of a minute's normal level at this time of day and week: 1 on average over a day, apart from the weekend. */
function rhythmFactor(profile: FunctionProfile, ms: number): number {
  const { dailyAmplitude, peakMinuteOfDay, weekendFactor } = profile.traffic;
  const minuteOfDay = (ms % DAY_MS) / MINUTE_MS;
  const day = (Math.floor(ms / DAY_MS) + 4) % 7; // 1 January 1970 was a Thursday; 0 = Sunday
  const weekend = day === 0 || day === 6 ? weekendFactor : 1;
  const wave = Math.exp(dailyAmplitude * Math.cos((2 * Math.PI * (minuteOfDay - peakMinuteOfDay)) / 1440));
  return (weekend * wave) / (1 + dailyAmplitude ** 2 / 4); // the mean of exp(a cos x) is I0(a), about 1 + a²/4
}

function cronCalls(profile: FunctionProfile, ms: number): number {
  const { cronPeriodMin, cronOffsetMin, cronBurst } = profile.traffic;
  const minute = Math.floor(ms / MINUTE_MS);
  return (minute - (cronOffsetMin % cronPeriodMin)) % cronPeriodMin === 0 ? cronBurst : 0;
}

function nightlyCalls(profile: FunctionProfile, ms: number): number {
  const { nightlyStartMin, nightlyLengthMin, perMinute } = profile.traffic;
  const into = (ms % DAY_MS) / MINUTE_MS - nightlyStartMin;
  return into >= 0 && into < nightlyLengthMin ? perMinute : 0;
}

/** Calls expected in the minute that starts at `ms`, with nothing special going on. */
export function expectedCalls(profile: FunctionProfile, ms: number): number {
  const { bornMs, retiredMs, perMinute } = profile.traffic;
  if (ms < bornMs || ms >= retiredMs) return 0;
  switch (profile.archetype) {
    case 'http':
    case 'queue':
    case 'sparse':
      return perMinute * rhythmFactor(profile, ms);
    case 'dormant':
      return perMinute;
    case 'cron':
      return cronCalls(profile, ms);
    case 'nightly':
      return nightlyCalls(profile, ms);
    case 'newcomer':
      return 0;
  }
}

/** Calls expected from `fromMs` to `toMs`; O(minutes). */
export function expectedCallsBetween(profile: FunctionProfile, fromMs: number, toMs: number): number {
  let calls = 0;
  for (let ms = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS; ms < toMs; ms += MINUTE_MS)
    calls += expectedCalls(profile, ms);
  return calls;
}
