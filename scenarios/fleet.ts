import { Delivery } from './delivery.ts';
import { EventWriter } from './event-text.ts';
import type { Benign, Incident } from './labels.ts';
import { drawWishes, IncidentPlanner, type Wish } from './plan.ts';
import { drawPopulation } from './population.ts';
import type { FunctionProfile } from './profile.ts';
import { Random } from './random.ts';
import { DAY_MS, MINUTE_MS } from './rhythm.ts';
import { FunctionSimulation, type Story } from './simulation.ts';
import type { CallObserver } from './stream-buffer.ts';
import { planDeploys, planHoles, planQuietWeekend, planSurges } from './surprises.ts';

export interface FleetOptions {
  readonly seed: number;
  readonly functions: number;
  readonly days: number;
  /** calls to aim for, apart from incidents: within a few per cent */
  readonly invocations: number;
  /** Unix ms, a whole minute */
  readonly startMs: number;
  readonly incidents: number;
  /** history before the first incident; default 8 days, or two thirds of a shorter fleet */
  readonly warmupDays?: number;
  /** holes in everyone's telemetry; default 1 */
  readonly holes?: number;
  /** which incidents, instead of drawing them */
  readonly wishes?: readonly Wish[];
  /** sees every call as it was sent: the ground truth */
  readonly observe?: CallObserver;
}

/** What `lines()` has produced so far. */
export interface FleetTotals {
  readonly invocations: number;
  readonly logEvents: number;
  readonly lines: number;
  readonly duplicateLines: number;
  readonly lostLines: number;
}

export interface Fleet {
  readonly options: FleetOptions;
  readonly profiles: readonly FunctionProfile[];
  /** Sorted by onset. The counts of affected and missing calls are final once `lines()` has been read to its end. */
  readonly labels: readonly Incident[];
  readonly benign: readonly Benign[];
  /** when the warm-up ends: alerts before it do not count */
  readonly warmMs: number;
  readonly endMs: number;
  /**
   * The subscription lines in order of arrival, without line ends. Can be read once. Holds a few minutes of lines at a time.
   * @throws {Error} on a second read
   */
  lines(): Generator<string>;
  totals(): FleetTotals;
}

function warmupMs(options: FleetOptions): number {
  const days = options.warmupDays ?? (options.days > 8 ? 8 : (options.days * 2) / 3);
  return options.startMs + days * DAY_MS;
}

function planIncidents(
  options: FleetOptions,
  profiles: readonly FunctionProfile[],
  benign: readonly Benign[],
  warmMs: number,
  endMs: number,
) {
  const planner = new IncidentPlanner(profiles, benign, { startMs: options.startMs, warmMs, endMs }, options.seed);
  const wishes = options.wishes ?? drawWishes(options.incidents, new Random(options.seed, 'wishes'));
  for (const wish of wishes) {
    if (planner.planned.length >= options.incidents) break;
    planner.place(wish);
  }
  return planner.planned.sort((a, b) => a.label.onsetMs - b.label.onsetMs);
}

function digits(count: number, random: Random): string {
  let text = '';
  while (text.length < count) text += String(random.integer(0, 9));
  return text;
}

/**
 * A fleet of functions, what happens to it, and the log lines that tell of it. The same options give the same bytes.
 * Planning costs some 0.1 s for 60 functions and 14 days; lines about 5 µs an invocation.
 */
export function generateFleet(options: FleetOptions): Fleet {
  const { seed, startMs } = options;
  const endMs = startMs + options.days * DAY_MS;
  const warmMs = warmupMs(options);
  const profiles = drawPopulation({ ...options, endMs, warmMs });
  const period = { startMs, endMs, warmMs };
  const deploys = planDeploys(profiles, period, new Random(seed, 'deploys'));
  const tides = [
    ...planSurges(profiles, period, new Random(seed, 'surges')),
    ...planQuietWeekend(period, new Random(seed, 'weekend')),
  ];
  const holes = planHoles(period, new Random(seed, 'holes'), options.holes ?? 1);
  const benign = [...deploys, ...tides, ...holes];
  const planned = planIncidents(options, profiles, benign, warmMs, endMs);

  const writer = new EventWriter(digits(23, new Random(seed, 'event ids')));
  const delivery = new Delivery(holes, startMs, new Random(seed, 'delivery'));
  const concerns = (names: readonly string[], profile: FunctionProfile) =>
    names.length === 0 || names.includes(profile.name);
  const functions = profiles.map((profile) => {
    const story: Story = {
      profile,
      incidents: planned.filter(({ label }) => concerns(label.functions, profile)),
      deploys: deploys.filter((deploy) => concerns(deploy.functions, profile)),
      tides: tides.filter((tide) => concerns(tide.functions, profile)),
    };
    return new FunctionSimulation(story, seed, delivery, writer, options.observe ?? null);
  });

  let read = false;
  function* lines(): Generator<string> {
    if (read) throw new Error('the lines of a fleet can be read once');
    read = true;
    for (let ms = startMs; ms < endMs; ms += MINUTE_MS) {
      for (const simulation of functions) simulation.minute(ms);
      yield* delivery.drain(ms);
    }
    yield* delivery.finish();
  }

  return {
    options,
    profiles,
    labels: planned.map(({ label }) => label),
    benign,
    warmMs,
    endMs,
    lines,
    totals: () => ({
      invocations: functions.reduce((sum, { invocations }) => sum + invocations, 0),
      logEvents: writer.count,
      lines: delivery.lines,
      duplicateLines: delivery.duplicates,
      lostLines: delivery.lost,
    }),
  };
}
