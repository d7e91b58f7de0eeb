import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { demoFleet } from './demo.ts';
import { type Fleet, type FleetOptions, generateFleet } from './fleet.ts';
import { KINDS, type Kind } from './kinds.ts';
import { counts } from './labels.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SMALL: FleetOptions = {
  seed: 7,
  functions: 14,
  days: 2,
  invocations: 8_000,
  startMs: Date.UTC(2026, 10, 2),
  incidents: 6,
};
const FULL: FleetOptions = { ...SMALL, functions: 60, days: 14, invocations: 2_000_000, incidents: 22 };

interface LogEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly message: string;
}
interface Line {
  readonly messageType: string;
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly subscriptionFilters: readonly string[];
  readonly logEvents: readonly LogEvent[];
}

function linesOf(fleet: Fleet): Line[] {
  return Array.from(fleet.lines(), (line) => JSON.parse(line) as Line);
}

function digest(fleet: Fleet): string {
  const hash = createHash('sha256');
  for (const line of fleet.lines()) hash.update(line).update('\n');
  return hash.update(JSON.stringify(fleet.labels)).digest('hex');
}

/** Log events once each, with the group they stand in. */
function distinctEvents(lines: readonly Line[]): (LogEvent & { logGroup: string })[] {
  const seen = new Map<string, LogEvent & { logGroup: string }>();
  for (const { logGroup, logEvents, messageType } of lines) {
    if (messageType === 'DATA_MESSAGE') for (const event of logEvents) seen.set(event.id, { ...event, logGroup });
  }
  return [...seen.values()];
}

describe('determinism', () => {
  test('the same options give the same bytes and labels, another seed gives others', () => {
    const first = digest(generateFleet(SMALL));
    expect(digest(generateFleet(SMALL))).toBe(first);
    expect(digest(generateFleet({ ...SMALL, seed: 8 }))).not.toBe(first);
  });

  test('watching the calls changes nothing', () => {
    const small = { ...SMALL, days: 1, invocations: 2000 };
    expect(digest(generateFleet({ ...small, observe: () => undefined }))).toBe(digest(generateFleet(small)));
  });

  test('lines can be read once', () => {
    const fleet = generateFleet({ ...SMALL, days: 1, invocations: 500 });
    for (const _ of fleet.lines()) break;
    expect(() => fleet.lines().next()).toThrow('read once');
  });
});

describe('labels of five full-sized plans', () => {
  const fleets = [1, 2, 3, 4, 5].map((seed) => generateFleet({ ...FULL, seed }));

  test.each(fleets.map((fleet) => [fleet.options.seed, fleet] as const))(
    'seed %i: as many as asked for, after the warm-up, apart on every function',
    (_seed, fleet) => {
      const names = new Set(fleet.profiles.map(({ name }) => name));
      expect(names.size).toBe(60);
      expect(fleet.labels).toHaveLength(22);
      for (const label of fleet.labels) {
        expect(label.onsetMs).toBeGreaterThanOrEqual(fleet.options.startMs + 8 * DAY_MS);
        expect(label.endMs).toBeGreaterThan(label.onsetMs);
        expect(label.endMs).toBeLessThanOrEqual(fleet.endMs);
        expect(label.effectMs).toBeGreaterThanOrEqual(label.onsetMs);
        expect(label.effectMs).toBeLessThanOrEqual(label.endMs);
        expect(label.functions.every((name) => names.has(name))).toBe(true);
        expect(label.threats).toEqual(KINDS[label.kind].threats);
        for (const other of fleet.labels) {
          if (other === label || !other.functions.some((name) => label.functions.includes(name))) continue;
          expect(Math.max(label.onsetMs - other.endMs, other.onsetMs - label.endMs)).toBeGreaterThanOrEqual(
            5 * HOUR_MS,
          );
        }
      }
    },
  );

  test('no incident meets a hole, and none a deploy or a surge of its function', () => {
    for (const { labels, benign } of fleets) {
      for (const { functions, onsetMs, endMs } of labels) {
        const met = benign.filter(
          (b) =>
            b.kind !== 'quiet-weekend' &&
            b.fromMs < endMs &&
            b.toMs > onsetMs &&
            (b.functions.length === 0 || b.functions.some((name) => functions.includes(name))),
        );
        expect(met).toEqual([]);
      }
    }
  });

  test('every variant of every kind finds a place in one of two fleets', () => {
    const wanted = Object.entries<Kind>(KINDS).flatMap(([name, kind]) => [
      ...(kind.gross ? [`${name} gross`] : []),
      ...(kind.subtle ? [`${name} subtle`] : []),
    ]);
    const placed = [1, 2].flatMap((seed) => generateFleet({ ...FULL, seed, incidents: wanted.length }).labels);
    const seen = new Set(placed.map(({ kind, grade }) => `${kind} ${grade}`));
    expect(wanted.filter((variant) => !seen.has(variant))).toEqual([]);
  });

  test('benign surprises stay within what counts as benign', () => {
    for (const { kind, factor, fromMs, toMs } of fleets.flatMap(({ benign }) => benign)) {
      if (kind === 'surge') expect(factor).toBeLessThanOrEqual(1.6);
      if (kind === 'deploy') expect(Math.abs(factor - 1)).toBeLessThanOrEqual(0.2);
      if (kind === 'hole') expect(toMs - fromMs).toBeLessThanOrEqual(25 * 60_000);
    }
  });
});

describe('lines', () => {
  const fleet = generateFleet(SMALL);
  const lines = linesOf(fleet);
  const events = distinctEvents(lines);

  test('every line is a subscription message of one group and stream, a few of them control messages', () => {
    const stream = /^\d{4}\/\d\d\/\d\d\/(?:([^[\]]+))?\[([^\]]+)\]\[?([0-9a-f-]+)\]?$/;
    const group = /^\/aws\/lambda(-insights|\/[A-Za-z0-9_-]{1,64})$/;
    const odd = lines.filter(
      ({ messageType, owner, logGroup, logStream, logEvents }) =>
        messageType !== 'CONTROL_MESSAGE' &&
        !(
          messageType === 'DATA_MESSAGE' &&
          /^\d{12}$/.test(owner) &&
          group.test(logGroup) &&
          stream.test(logStream) &&
          logEvents.length > 0
        ),
    );
    expect(odd).toEqual([]);
    expect(lines.filter(({ messageType }) => messageType === 'CONTROL_MESSAGE').length).toBeGreaterThan(5);
  });

  test('event ids have 56 digits; about 1 % of the lines come twice', () => {
    expect(events.filter(({ id }) => !/^\d{56}$/.test(id))).toEqual([]);
    expect(lines.length - new Set(lines.map((line) => JSON.stringify(line))).size).toBe(fleet.totals().duplicateLines);
    expect(fleet.totals().duplicateLines / lines.length).toBeGreaterThan(0.005);
    expect(fleet.totals().duplicateLines / lines.length).toBeLessThan(0.02);
  });

  test('a REPORT has the documented shape; in JSON format the record and the application lines parse', () => {
    const report =
      /^REPORT RequestId: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: \d+ MB\tMax Memory Used: \d+ MB\t?(Init Duration: \d+\.\d\d ms\t?)?(Status: timeout\t?|Status: error\tError Type: Runtime\.\w+\t)?\n(XRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n)?$/;
    const reports = events.filter(({ message }) => message.startsWith('REPORT '));
    expect(reports.length).toBeGreaterThan(800);
    expect(reports.filter(({ message }) => !report.test(message))).toEqual([]);
    const json = events.filter(({ message }) => message.startsWith('{'));
    expect(json.length).toBeGreaterThan(100);
    expect(json.map(({ message }) => JSON.parse(message) as unknown)).not.toContain(null);
  });

  test('one report an invocation reaches us, unless a hole took it', () => {
    const reports = events.filter(
      ({ message, logGroup }) =>
        logGroup !== '/aws/lambda-insights' && /^REPORT |"type":"platform\.report"/.test(message),
    );
    const { invocations, lostLines } = fleet.totals();
    expect(reports.length).toBeLessThanOrEqual(invocations);
    expect(reports.length).toBeGreaterThan(invocations - lostLines * 10 - 1);
    expect(invocations / SMALL.invocations).toBeGreaterThan(0.7);
    expect(invocations / SMALL.invocations).toBeLessThan(1.6);
  });

  test('few lines are late, none by more than an hour, and streams do overtake each other', () => {
    let newestMs = Number.NEGATIVE_INFINITY;
    let latestMs = 0;
    let late = 0;
    let disordered = 0;
    for (const { logEvents } of lines) {
      const ms = logEvents.at(-1)?.timestamp ?? 0;
      if (ms < newestMs) disordered++;
      if (ms < newestMs - 150_000) late++; // beyond what the one fast clock explains
      latestMs = Math.max(latestMs, newestMs - ms);
      newestMs = Math.max(newestMs, ms);
    }
    expect(latestMs).toBeLessThan(HOUR_MS);
    expect(disordered).toBeGreaterThan(0);
    expect(late / lines.length).toBeLessThan(0.02);
  });
});

describe('what the logs hold of an incident', () => {
  const evidence = [
    { kind: 'timeouts', pattern: /Status: timeout|Task timed out after|"status":"timeout"/ },
    { kind: 'oom', pattern: /Runtime\.OutOfMemory|signal: killed/ },
    { kind: 'error-type-new', pattern: /QueryFailedError/ },
    { kind: 'secret-in-log', pattern: /AKIA|postgres:\/\/app:|Bearer eyJ/ },
  ] as const;

  test.each(evidence)('$kind: as many calls as the label says', ({ kind, pattern }) => {
    const fleet = generateFleet({
      ...SMALL,
      seed: 11,
      days: 1,
      invocations: 12_000,
      incidents: 1,
      wishes: [{ kind, grade: 'gross' }],
      holes: 0,
    });
    const found = distinctEvents(linesOf(fleet)).filter(
      ({ message, logGroup }) => logGroup === `/aws/lambda/${fleet.labels[0]?.functions[0]}` && pattern.test(message),
    );
    expect(fleet.labels[0]?.affectedCalls).toBeGreaterThanOrEqual(5);
    expect(found).toHaveLength(fleet.labels[0]?.affectedCalls ?? 0);
  });

  test('a silence leaves nothing, and says how many calls are missing', () => {
    const fleet = generateFleet({
      ...SMALL,
      seed: 12,
      days: 1,
      invocations: 12_000,
      incidents: 1,
      wishes: [{ kind: 'silence', grade: 'gross' }],
      holes: 0,
    });
    const [label] = fleet.labels;
    const starts = distinctEvents(linesOf(fleet)).filter(
      ({ message, timestamp, logGroup }) =>
        logGroup === `/aws/lambda/${label?.functions[0]}` &&
        /^START|platform\.start/.test(message) &&
        timestamp >= (label?.onsetMs ?? 0) + 5000 && // a cold call that came just before starts after its init
        timestamp < (label?.endMs ?? 0),
    );
    expect(starts).toEqual([]);
    expect(label?.missingCalls).toBeGreaterThanOrEqual(8);
    expect(label !== undefined && counts(label)).toBe(true);
  });

  test('nothing is delivered during a hole', () => {
    const seeds = Array.from({ length: 20 }, (_, i) => i);
    const holeOf = (seed: number) => generateFleet({ ...SMALL, seed }).benign.find(({ kind }) => kind === 'hole');
    const seed = seeds.find((candidate) => holeOf(candidate)?.factor === 0) ?? 0;
    const hole = holeOf(seed);
    const lost: number[] = [];
    const observe: FleetOptions['observe'] = (call, delivered) => {
      if (!delivered) lost.push(call.endMs);
    };
    const fleet = generateFleet({ ...SMALL, seed, observe });
    linesOf(fleet);
    expect(lost.length).toBeGreaterThan(0);
    for (const ms of lost) {
      expect(ms).toBeGreaterThan((hole?.fromMs ?? 0) - 11 * 60_000);
      expect(ms).toBeLessThan((hole?.toMs ?? 0) + 2 * 60_000);
    }
  });
});

test('the demo shows all of its incidents, whatever the seed', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const fleet = demoFleet(seed);
    expect(fleet.labels).toHaveLength(7);
    expect(fleet.benign.filter(({ kind }) => kind === 'hole')).toHaveLength(1);
  }
});
