import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { START_MS, settings } from './desk.fixture.ts';
import { Desk, type DeskState } from './desk.ts';
import {
  anySettings,
  anything,
  type Call,
  callsOf,
  DAY_MS,
  people,
  said,
  silences,
  stepsOf,
  times,
  unsilences,
  whenTold,
  whoIsTold,
} from './desk-life.fixture.ts';
import type { DeskSaid } from './desk-said.ts';
import type { DeskSettings } from './desk-settings.ts';
import type { Notice } from './notice.ts';

type Told = Notice & { readonly to: readonly string[] };
const noticesOf = (all: readonly DeskSaid[]): Told[] =>
  all.flatMap((it) => ('notice' in it ? [{ ...it.notice, to: it.to }] : []));

/** Nothing more happens: whatever is to end, or to be told, has by then. */
const WHEN_ALL_IS_OVER: Call = { timeMs: START_MS + 10 * 365 * DAY_MS };

const RUNS = { numRuns: 150 };

describe('whatever detection and people do, and whenever', () => {
  test('versions of an incident begin at 1 and have no gap, and it is first told as what it is', () => {
    fc.assert(
      fc.property(anySettings, fc.boolean(), anything, (how, adopts, steps) => {
        const notices = noticesOf(said(new Desk(how, adopts), [...callsOf(steps), WHEN_ALL_IS_OVER]));
        const versions = new Map<string, number>();
        for (const { incident_id: id, version, transition, loud, to } of notices) {
          expect({ id, version }).toEqual({ id, version: (versions.get(id) ?? 0) + 1 });
          if (version === 1 && transition !== 'resolved') expect({ id, loud }).toEqual({ id, loud: true });
          expect(to.length).toBeGreaterThan(0);
          expect(new Set(to).size).toBe(to.length);
          versions.set(id, version);
        }
      }),
      RUNS,
    );
  });

  test('time goes on: no notice is older than the one before', () => {
    fc.assert(
      fc.property(anySettings, anything, (how, steps) => {
        const at = noticesOf(said(new Desk(how), callsOf(steps))).map((it) => it.at);
        for (const [i, it] of at.entries()) expect(it >= at[Math.max(0, i - 1)]!).toBe(true);
      }),
      RUNS,
    );
  });

  test('a desk restored from what another one was says the same from there on', () => {
    fc.assert(
      fc.property(anySettings, anything, fc.nat(1000), (how, steps, cut) => {
        const calls = [...callsOf(steps), WHEN_ALL_IS_OVER];
        const at = cut % calls.length;
        const desk = new Desk(how);
        said(desk, calls.slice(0, at));
        const restored = new Desk(settings());
        restored.restore(JSON.parse(JSON.stringify(desk.state())) as DeskState);
        const rest = calls.slice(at);
        expect(said(restored, rest)).toEqual(said(desk, rest));
        expect(JSON.stringify(restored.state())).toBe(JSON.stringify(desk.state()));
      }),
      RUNS,
    );
  });

  test('the end of an incident is told to each destination that was told of it, and to no other', () => {
    fc.assert(
      fc.property(anySettings, anything, (how, steps) => {
        const open = new Map<string, Set<string>>();
        for (const { incident_id: id, status, to } of noticesOf(
          said(new Desk(how), [...callsOf(steps), WHEN_ALL_IS_OVER]),
        )) {
          const knowing = open.get(id) ?? new Set();
          if (status === 'resolved' || status === 'expired') {
            expect({ id, to: new Set(to) }).toEqual({ id, to: knowing });
            open.delete(id);
          } else open.set(id, new Set([...knowing, ...to]));
        }
        expect([...open.keys()]).toEqual([]);
      }),
      RUNS,
    );
  });
});

/** What detection left open, by identity: it never spoke of its end. */
const leftOpen = (desk: Desk) =>
  [...desk.book.all()].filter(({ status }) => status === 'open' || status === 'acknowledged');

describe('a silence', () => {
  const all: DeskSettings = settings({ expireAfterMs: 365 * DAY_MS, renotifyAfterMs: 0 });

  test('loses nothing: what is still bad when all are over has been told, alone or in a digest', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 20), stepsOf(times, silences, unsilences, people), (most, steps) => {
        const desk = new Desk({ ...all, stormAlertsPerMinute: most });
        const calls = [...callsOf(steps), { timeMs: START_MS + 300 * DAY_MS }];
        const notices = noticesOf(said(desk, calls));
        expect(desk.silences).toEqual([]);
        for (const { id, digests } of leftOpen(desk)) {
          const last = notices.findLast(({ incident_id, loud }) => incident_id === id && loud);
          const isTold = last !== undefined && last.status !== 'resolved' && last.status !== 'expired';
          expect({ id, isTold: isTold || digests.length > 0 }).toEqual({ id, isTold: true });
        }
      }),
      RUNS,
    );
  });

  test('is the only thing that people hear less by: what they are told loudly under it is an end', () => {
    fc.assert(
      fc.property(stepsOf(times, people), (steps) => {
        const everything = { id: 's', match: { account: ['1'] }, untilMs: START_MS + 400 * DAY_MS, by: 'a', why: 'b' };
        const calls = callsOf(steps);
        const half = Math.floor(calls.length / 2);
        const desk = new Desk(all);
        const before = noticesOf(said(desk, calls.slice(0, half)));
        said(desk, [{ command: { id: 's', kind: 'silence', silence: everything } }]);
        const under = noticesOf(said(desk, calls.slice(half)));
        const known = new Set(before.map(({ incident_id }) => incident_id));
        for (const { incident_id: id, transition } of under) {
          expect(known).toContain(id);
          expect(['resolved', 'expired', 'acknowledged']).toContain(transition);
        }
      }),
      RUNS,
    );
  });
});

test('of the past nothing is told, and what is still open at its end once', () => {
  fc.assert(
    fc.property(stepsOf(times), fc.integer({ min: 0, max: 20_000 }), (steps, seconds) => {
      const untilMs = START_MS + seconds * 1000;
      const desk = new Desk(settings({ stormAlertsPerMinute: 10_000, renotifyAfterMs: 0 }));
      said(desk, [{ command: { id: 'h', kind: 'history', untilMs } }]);
      const past = callsOf(steps).filter((call) => 'hear' in call && Date.parse(call.hear.at) < untilMs);
      expect(noticesOf(said(desk, past))).toEqual([]);
      const notices = noticesOf(said(desk, [{ timeMs: untilMs - 1 }, { timeMs: untilMs }]));
      const stillOpen = leftOpen(desk).filter(({ resolveMs }) => resolveMs === null);
      expect(notices.map(({ incident_id }) => incident_id)).toEqual(stillOpen.map(({ id }) => id));
      for (const it of notices)
        expect(it).toMatchObject({ transition: 'opened', version: 1, loud: true, at: new Date(untilMs).toISOString() });
      expect(noticesOf(said(desk, [{ timeMs: untilMs + 3600_000 }]))).toEqual([]);
    }),
    RUNS,
  );
});

test('who is told, and when again, changes nothing about which incidents there are', () => {
  const changed = fc.record({ ...whoIsTold, renotifyAfterMs: whenTold.renotifyAfterMs }).map(settings);
  fc.assert(
    fc.property(stepsOf(times, people), fc.array(fc.tuple(fc.nat(60), changed), { maxLength: 4 }), (steps, others) => {
      const calls = callsOf(steps);
      const withChanges = calls.flatMap((call, i) => [
        ...others
          .filter(([at]) => at === i)
          .map(([, it], j): Call => ({ command: { id: `set${i}-${j}`, kind: 'settings', settings: it } })),
        call,
      ]);
      const idsOf = (made: readonly Call[]) => {
        const desk = new Desk(settings());
        said(desk, made);
        return [...desk.book.all(), ...desk.book.closed()].map(({ id, status }) => `${id} ${status}`);
      };
      expect(idsOf(withChanges)).toEqual(idsOf(calls));
    }),
    RUNS,
  );
});
