import type { Benign } from './labels.ts';
import type { FunctionProfile } from './profile.ts';
import type { Random } from './random.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './rhythm.ts';

export interface Period {
  readonly startMs: number;
  readonly endMs: number;
  /** end of the warm-up: surprises after it are what false alerts are counted on */
  readonly warmMs: number;
}

const active = (profile: FunctionProfile) => profile.archetype !== 'dormant' && profile.archetype !== 'newcomer';

/** New versions, about one a week and function: duration moves by up to 20 %, every environment starts afresh. */
export function planDeploys(profiles: readonly FunctionProfile[], period: Period, random: Random): Benign[] {
  const deploys: Benign[] = [];
  for (const profile of profiles.filter(active)) {
    let ms = period.startMs + random.exponential(7 * DAY_MS);
    for (; ms < period.endMs - HOUR_MS; ms += HOUR_MS + random.exponential(7 * DAY_MS)) {
      deploys.push({
        kind: 'deploy',
        functions: [profile.name],
        fromMs: ms,
        toMs: ms,
        factor: random.between(0.8, 1.2),
      });
    }
  }
  return deploys;
}

/** Up to ×1.6 over the expected rhythm for half an hour to four hours, about one a day and 20 functions. */
export function planSurges(profiles: readonly FunctionProfile[], period: Period, random: Random): Benign[] {
  const crowd = profiles.filter((profile) => profile.archetype === 'http');
  const days = (period.endMs - period.startMs) / DAY_MS;
  return Array.from({ length: crowd.length === 0 ? 0 : random.poisson((days * profiles.length) / 40) }, () => {
    const fromMs = random.between(period.startMs, period.endMs - 5 * HOUR_MS);
    const toMs = fromMs + random.between(0.5, 4) * HOUR_MS;
    return { kind: 'surge', functions: [random.pick(crowd).name], fromMs, toMs, factor: random.between(1.2, 1.6) };
  });
}

/** Nothing at all is delivered for 10 to 25 minutes: lost, or brought after. One before and one or two after the warm-up. */
export function planHoles(period: Period, random: Random, holes: number): Benign[] {
  return Array.from({ length: holes }, (_, i) => {
    const fromMs = random.between(period.warmMs + (i === 0 ? HOUR_MS : 0), period.endMs - 2 * HOUR_MS);
    const toMs = fromMs + random.between(10, 25) * MINUTE_MS;
    return { kind: 'hole', functions: [], fromMs, toMs, factor: random.chance(0.4) ? 1 : 0 };
  });
}

/** One weekend on which people stay away: everyone's people-driven traffic is lower. */
export function planQuietWeekend(period: Period, random: Random): Benign[] {
  const fromDay = Math.ceil(period.warmMs / DAY_MS);
  for (let day = fromDay; (day + 2) * DAY_MS <= period.endMs; day++) {
    if ((day + 4) % 7 !== 6) continue; // a Saturday
    if (random.chance(0.4)) return [];
    return [
      {
        kind: 'quiet-weekend',
        functions: [],
        fromMs: day * DAY_MS,
        toMs: (day + 2) * DAY_MS,
        factor: random.between(0.65, 0.85),
      },
    ];
  }
  return [];
}
