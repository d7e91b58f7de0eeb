import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../alerts/event.ts';
import { createPipeline } from '../app/build.ts';
import type { Pipeline } from '../app/pipeline.ts';
import { F, Flag, type FragmentBlock, FragmentKind } from '../ingest/fragment.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { createStream, poisson, START_MS, seeded } from '../test/stream.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const MINUTE = 60_000;

function pipeline(restored?: ReadonlyMap<string, Uint8Array>): Pipeline {
  return createPipeline({
    settings: DEFAULT_SETTINGS,
    pricesOf: () => DEFAULT_PRICES,
    configHash: 'test',
    invocations: 'notable',
    records: true,
    ...(restored === undefined ? {} : { restored }),
  });
}

interface Plan {
  readonly minutes: number;
  readonly perMinute: (minute: number) => number;
  readonly call?: (
    minute: number,
    random: () => number,
  ) => { durationUs?: number; flags?: number; errorType?: string; bytes?: number };
  readonly fn?: string;
  readonly extra?: (stream: ReturnType<typeof createStream>) => void;
}

function play(plan: Plan, seed = 7): FragmentBlock[] {
  const stream = createStream();
  const random = seeded(seed);
  let id = 0;
  for (let minute = 0; minute < plan.minutes; minute++) {
    const n = poisson(random, plan.perMinute(minute));
    const times = Array.from({ length: n }, () => Math.floor(random() * MINUTE)).sort((a, b) => a - b);
    let next = 0;
    for (let part = 0; part < 6; part++) {
      for (; next < n && times[next]! < (part + 1) * 10_000; next++) {
        const spread = 100_000 * 2 ** (random() + random() - 1);
        stream.call({
          timeMs: START_MS + minute * MINUTE + times[next]!,
          id: ++id,
          fn: plan.fn ?? 'checkout',
          durationUs: spread,
          ...plan.call?.(minute, random),
        });
      }
      stream.tick(START_MS + minute * MINUTE + (part + 1) * 10_000);
    }
  }
  plan.extra?.(stream);
  return stream.blocks();
}

function run(blocks: readonly FragmentBlock[]): AlertEvent[] {
  const p = pipeline();
  for (const block of blocks) p.step(block);
  p.finish();
  return [...p.drain().events];
}

const loud = (events: readonly AlertEvent[]) =>
  events.filter(({ event, severity }) => event === 'opened' && severity !== 'info');

describe('one function', () => {
  const day = 1440;
  test.each([
    { name: 'a steady day says nothing', plan: { minutes: 2 * day, perMinute: () => 6 }, signals: [] },
    {
      name: 'a flood is said, once',
      plan: { minutes: day + 300, perMinute: (m: number) => (m >= day && m < day + 40 ? 60 : 6) },
      signals: ['invocations'],
    },
    {
      name: 'errors on a tenth of calls are said',
      plan: {
        minutes: day + 200,
        perMinute: () => 10,
        call: (m: number, r: () => number) =>
          m >= day && m < day + 60 && r() < 0.1 ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' } : {},
      },
      signals: ['error_type'], // they are of a type not seen before, which is known sooner
    },
    {
      name: 'calls three times slower are said',
      plan: {
        minutes: day + 200,
        perMinute: () => 5,
        call: (m: number, r: () => number) =>
          m >= day && m < day + 60 ? { durationUs: 300_000 * 2 ** (r() - 0.5) } : {},
      },
      signals: ['duration'],
    },
    {
      name: 'a few huge sends are said',
      plan: {
        minutes: day + 100,
        perMinute: () => 5,
        call: (m: number, r: () => number) => ({
          bytes: m >= day && m < day + 20 && r() < 0.3 ? 5e8 : 20_000 * 2 ** r(),
        }),
      },
      signals: ['egress'],
    },
  ])('$name', ({ plan, signals }) => {
    const events = run(play(plan));
    expect(loud(events).map(({ signal }) => signal)).toEqual(signals);
    const opened = events.filter(({ event, severity }) => event === 'opened' && severity !== 'info');
    const resolved = events.filter(({ event, severity }) => event === 'resolved' && severity !== 'info');
    expect(resolved.map(({ alert_id }) => alert_id)).toEqual(opened.map(({ alert_id }) => alert_id));
  });

  test('a flood is said within its first minute, before the window is over', () => {
    const events = loud(run(play({ minutes: day + 30, perMinute: (m) => (m >= day ? 120 : 6) })));
    const delay = Date.parse(events[0]!.at) - (START_MS + day * MINUTE);
    expect(delay).toBeLessThanOrEqual(60_000);
    expect(delay).toBeGreaterThanOrEqual(0);
  });

  test('a function that stops is said to be silent', () => {
    const stream = createStream();
    const random = seeded(3);
    let id = 0;
    for (let minute = 0; minute < day + 120; minute++) {
      for (const fn of ['a', 'b', 'c', 'd']) {
        if (fn === 'a' && minute >= day) continue;
        for (let i = poisson(random, 3); i > 0; i--)
          stream.call({ fn, timeMs: START_MS + minute * MINUTE + Math.floor(random() * MINUTE), id: ++id });
      }
      stream.tick(START_MS + (minute + 1) * MINUTE);
    }
    const events = loud(run(stream.blocks()));
    expect(events.map(({ signal, function: fn }) => [signal, fn.name])).toEqual([['silence', 'a']]);
  });

  test('a hole in everyone is one telemetry alert and no silence', () => {
    const stream = createStream();
    const random = seeded(4);
    let id = 0;
    for (let minute = 0; minute < day + 120; minute++) {
      const hole = minute >= day && minute < day + 20;
      for (const fn of ['a', 'b', 'c', 'd', 'e']) {
        for (let i = hole ? 0 : poisson(random, 3); i > 0; i--)
          stream.call({ fn, timeMs: START_MS + minute * MINUTE + Math.floor(random() * MINUTE), id: ++id });
      }
      if (!hole) stream.tick(START_MS + (minute + 1) * MINUTE);
    }
    expect(loud(run(stream.blocks())).map(({ signal, text }) => (signal === 'telemetry' ? signal : text))).toEqual([
      'telemetry',
    ]);
  });
});

describe('laws', () => {
  const blocks = play({
    minutes: 400,
    perMinute: (m) => (m >= 300 && m < 330 ? 40 : 5),
    call: (m, r) => (m >= 350 && r() < 0.3 ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' } : {}),
  });
  const whole = (() => {
    const p = pipeline();
    for (const block of blocks) p.step(block);
    p.finish();
    return { output: p.drain(), totals: p.totals() };
  })();

  test('the plan has something to say', () => {
    expect(loud(whole.output.events).length).toBeGreaterThanOrEqual(2);
  });

  test.each([1, 2, 3])('snapshot and restore after block %i change nothing', (cut) => {
    const first = pipeline();
    for (const block of blocks.slice(0, cut)) first.step(block);
    const before = first.drain();
    const second = pipeline(first.snapshot());
    for (const block of blocks.slice(cut)) second.step(block);
    second.finish();
    const after = second.drain();
    expect([...before.events, ...after.events]).toEqual(whole.output.events);
    expect([...before.minutes, ...after.minutes]).toEqual(whole.output.minutes);
    expect([...before.invocations, ...after.invocations]).toEqual(whole.output.invocations);
    expect([...before.scores, ...after.scores]).toEqual(whole.output.scores);
    expect(second.totals()).toEqual(whole.totals);
  });

  test('the same events twice are counted once, the copies as duplicates', () => {
    const p = pipeline();
    for (const block of blocks) p.step(block);
    const { invocations } = p.totals();
    for (const block of blocks) p.step(block);
    p.finish();
    expect(p.totals().invocations).toBe(invocations);
    expect(p.totals().duplicates).toBe(2 * invocations); // REPORT and its fused START
  });

  test('one event from the future changes no alert', () => {
    const stream = createStream();
    stream.add(FragmentKind.report | Flag.fusedStart, 'checkout', START_MS + 9e9, 99, (block, f) => {
      block.f[f + F.durationUs] = 1;
    });
    const p = pipeline();
    blocks.forEach((block, i) => {
      p.step(block);
      if (i === 0) for (const future of stream.blocks()) p.step(future);
    });
    p.finish();
    expect(loud(p.drain().events).map(({ alert_id }) => alert_id)).toEqual(
      loud(whole.output.events).map(({ alert_id }) => alert_id),
    );
  });
});
