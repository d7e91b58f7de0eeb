import { type Archetype, drawProfile, FREE, type FunctionProfile } from './profile.ts';
import { Random } from './random.ts';
import { DAY_MS, expectedCallsBetween } from './rhythm.ts';

export interface PopulationOptions {
  readonly seed: number;
  readonly functions: number;
  readonly invocations: number;
  readonly startMs: number;
  readonly endMs: number;
  /** when incidents may begin: newcomers are born after it, dormant functions have long been silent */
  readonly warmMs: number;
}

/** Zipf's exponent of the traffic shares. */
const SKEW = 1;
/** Shares of the archetypes; dormant and newcomer functions are counted out first. */
const MIX: readonly (readonly [Archetype, number])[] = [
  ['http', 0.46],
  ['queue', 0.22],
  ['cron', 0.15],
  ['sparse', 0.11],
  ['nightly', 0.06],
];

function archetypes(functions: number, random: Random): Archetype[] {
  const reserved = functions >= 40 ? 2 : 1;
  const list: Archetype[] = Array.from({ length: 2 * reserved }, (_, i) => (i < reserved ? 'dormant' : 'newcomer'));
  const rest = functions - list.length;
  for (const [archetype, share] of MIX) for (let i = 0; i < Math.floor(share * rest); i++) list.push(archetype);
  while (list.length < functions) list.push('http');
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [list[i], list[j]] = [list[j] ?? 'http', list[i] ?? 'http'];
  }
  return list.slice(0, functions);
}

function withTraffic(profile: FunctionProfile, traffic: Partial<FunctionProfile['traffic']>): FunctionProfile {
  return { ...profile, traffic: { ...profile.traffic, ...traffic } };
}

function settle(profile: FunctionProfile, rank: number, options: PopulationOptions): FunctionProfile {
  const { startMs, warmMs } = options;
  if (FREE.has(profile.archetype)) return withTraffic(profile, { perMinute: 1 / (rank + 1) ** SKEW });
  if (profile.archetype === 'dormant') {
    return withTraffic(profile, {
      perMinute: 30 / 1440,
      retiredMs: startMs + Math.min(1.5 * DAY_MS, (warmMs - startMs) / 4),
    });
  }
  if (profile.archetype === 'nightly') return withTraffic(profile, { perMinute: 3 + (profile.index % 12) });
  return profile;
}

/** Scales the free functions so that the fleet makes about as many calls as asked for. */
function scaled(profiles: readonly FunctionProfile[], options: PopulationOptions): FunctionProfile[] {
  const { startMs, endMs, invocations } = options;
  let fixed = 0;
  let free = 0;
  for (const profile of profiles) {
    const calls = expectedCallsBetween(profile, startMs, endMs);
    if (FREE.has(profile.archetype)) free += calls;
    else fixed += calls;
  }
  // crons and batches keep at most half of a small fleet's calls
  const fixedScale = Math.min(1, (0.5 * invocations) / Math.max(fixed, 1));
  const freeScale = (invocations - fixed * fixedScale) / Math.max(free, 1e-9);
  return profiles.map((profile) => {
    const { perMinute, cronBurst } = profile.traffic;
    if (FREE.has(profile.archetype)) return withTraffic(profile, { perMinute: perMinute * freeScale });
    if (profile.archetype === 'nightly') return withTraffic(profile, { perMinute: perMinute * fixedScale });
    return withTraffic(profile, { cronBurst: Math.max(1, Math.round(cronBurst * fixedScale)) });
  });
}

/** The functions of a fleet, names unique. O(functions × minutes). */
export function drawPopulation(options: PopulationOptions): FunctionProfile[] {
  const random = new Random(options.seed, 'population');
  const accounts = Array.from(
    { length: options.functions >= 20 ? random.integer(1, 3) : 1 },
    () => String(random.integer(100_000, 999_999)) + String(random.integer(100_000, 999_999)),
  );
  let rank = 0;
  const profiles = archetypes(options.functions, random).map((archetype, index) => {
    const profile = drawProfile(index, archetype, random.pick(accounts), new Random(options.seed, 'profile', index));
    return settle(profile, FREE.has(archetype) ? rank++ : 0, options);
  });
  const all = scaled(profiles, options);
  const lateBorn = all.findIndex((profile) => profile.archetype === 'sparse');
  const fastClock = all.findIndex((profile) => profile.archetype === 'http');
  return all.map((profile, i) => {
    if (i === lateBorn) return withTraffic(profile, { bornMs: options.warmMs + random.between(0.2, 2) * DAY_MS });
    return i === fastClock ? { ...profile, clockAheadMs: random.integer(20_000, 75_000) } : profile;
  });
}
