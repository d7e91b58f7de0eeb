import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Verdict } from '../detectors/verdict.ts';
import { START_MS } from '../test/stream.ts';
import { FINDING, FleetPlay, verdict } from '../test/verdicts.ts';

const MINUTE_MS = 60_000;

/** Every name has this verdict in the coming minute. */
const all = (play: FleetPlay, names: string, more: Partial<Verdict> = {}): Verdict[] =>
  [...names].map((name) => verdict(name, play.minute + 1, more));

describe('one function', () => {
  test('keeps its id from the opening to the end', () => {
    const play = new FleetPlay();
    play.step([verdict('a', 1)]);
    play.step([verdict('a', 2, { event: 'updated' })]);
    play.step([verdict('a', 20, { event: 'resolved' })]);
    expect(play.told()).toEqual(['opened errors a', 'updated errors a', 'resolved errors a']);
    expect(new Set(play.events.map(({ alert_id }) => alert_id)).size).toBe(1);
    // the last event tells the whole
    expect(play.events[2]).toMatchObject({ observed: 30, ended_at: new Date(START_MS + 20 * MINUTE_MS).toISOString() });
  });

  test('has an id that follows from who, what and since when alone', () => {
    const id = (name: string, more: Partial<Verdict> = {}) => {
      const play = new FleetPlay();
      play.step([verdict(name, 5, more)]);
      return play.events[0]!.alert_id;
    };
    expect(id('a', { atMs: START_MS + 9 * MINUTE_MS, severity: 'warning', signal: 'timeouts' })).toBe(id('a'));
    const others = [id('a'), id('b'), id('a', { onsetMs: START_MS }), id('a', { signal: 'duration' }), id('aws/2/-/a')];
    expect(new Set(others).size).toBe(others.length);
  });

  test('incidents of two families stand side by side', () => {
    const play = new FleetPlay();
    play.step([verdict('a', 1), verdict('a', 1, { signal: 'egress' })]);
    play.step([verdict('a', 9, { event: 'resolved' })]);
    expect(play.told()).toEqual(['opened errors a', 'opened egress a', 'resolved errors a']);
  });

  test('what was never opened is not updated or resolved', () => {
    const play = new FleetPlay();
    play.step([verdict('a', 1, { event: 'updated' }), verdict('b', 1, { event: 'resolved' })]);
    expect(play.told()).toEqual([]);
  });

  test('what is over as soon as it is said is resolved an hour later', () => {
    const play = new FleetPlay();
    play.step([verdict('a', 1, { signal: 'content', detail: 'secret:key', finding: null })]);
    play.quiet(59);
    expect(play.told()).toEqual(['opened content a']);
    play.quiet(2);
    expect(play.told()).toEqual(['opened content a', 'resolved content a']);
    expect(play.events[1]!.alert_id).toBe(play.events[0]!.alert_id);
  });
});

describe('a common cause', () => {
  test.each([
    { name: 'two functions are two incidents', names: 'ab', said: ['opened errors a', 'opened errors b'] },
    { name: 'three in the same minute are one', names: 'cab', said: ['opened errors a,b,c'] },
  ])('$name', ({ names, said }) => {
    const play = new FleetPlay();
    play.step(all(play, names));
    expect(play.told()).toEqual(said);
  });

  test('of another account or another kind of trouble is another', () => {
    const play = new FleetPlay();
    play.step([verdict('a', 1), verdict('b', 1), verdict('aws/2/-/c', 1), verdict('d', 1, { signal: 'egress' })]);
    expect(play.told()).toHaveLength(4);
  });

  test('in a large account takes more functions than three', () => {
    const play = new FleetPlay(1000);
    play.step(all(play, 'abcde'));
    expect(play.told()).toHaveLength(5);
  });

  test('is joined for ten minutes, and is over when all of its functions are', () => {
    const play = new FleetPlay();
    play.step(all(play, 'abc'));
    play.quiet(3);
    play.step(all(play, 'd'));
    play.step(all(play, 'abd', { event: 'resolved' }));
    play.step(all(play, 'c', { event: 'resolved' }));
    expect(play.told()).toEqual(['opened errors a,b,c', 'updated errors a,b,c,d', 'resolved errors a,b,c,d']);
    expect(new Set(play.events.map(({ alert_id }) => alert_id)).size).toBe(1);
    expect(new Set(play.events.map(({ started_at }) => started_at)).size).toBe(1);
  });

  test('says of each function where it logs, also after a restart and at its end', () => {
    const play = new FleetPlay();
    const shared = { logGroup: '/teams/shop' };
    play.step([verdict('a', 1), verdict('b', 1, shared), verdict('c', 1)]);
    play.restart();
    play.step([verdict('d', 2, shared)]);
    play.step(all(play, 'abd', { event: 'resolved' }));
    play.step(all(play, 'c', { event: 'resolved' }));
    const groups = play.events.map(({ functions }) =>
      functions!.map((fn) => `${fn.name} ${fn.log_group ?? '-'}`).join(', '),
    );
    const all4 = 'a -, b /teams/shop, c -, d /teams/shop';
    expect(groups).toEqual(['a -, b /teams/shop, c -', all4, all4]);
  });

  test('names a function once, though it comes and goes', () => {
    const play = new FleetPlay();
    play.step(all(play, 'abc'));
    play.step(all(play, 'a', { event: 'resolved' }));
    play.step(all(play, 'a'));
    play.step(all(play, 'abc', { event: 'resolved' }));
    expect(play.told().at(-1)).toBe('resolved errors a,b,c');
    expect(play.told().filter((text) => text.startsWith('opened'))).toHaveLength(1);
  });

  test('is said when its last function was known, not before', () => {
    const play = new FleetPlay();
    const early = ['a', 'b', 'c'].map((name, i) => verdict(name, 1, { atMs: START_MS + 50_000 + i * 3000 }));
    play.step(early);
    expect(play.events[0]!.at).toBe(new Date(START_MS + 56_000).toISOString());
  });

  test('later than ten minutes is another incident', () => {
    const play = new FleetPlay();
    play.step(all(play, 'abc'));
    play.quiet(15);
    play.step(all(play, 'd'));
    expect(play.told()).toEqual(['opened errors a,b,c', 'opened errors d']);
  });
});

describe('silence', () => {
  const silent = { signal: 'silence' } as const;

  test('is held for two minutes and then said, dated then', () => {
    const play = new FleetPlay();
    play.quiet(5);
    play.step(all(play, 'a', silent));
    expect(play.told()).toEqual([]);
    play.quiet(3);
    expect(play.told()).toEqual(['opened silence a']);
    expect(Date.parse(play.events[0]!.at)).toBeGreaterThanOrEqual(START_MS + 8 * MINUTE_MS);
  });

  test('that is over while it is held is never said', () => {
    const play = new FleetPlay();
    play.step(all(play, 'a', silent));
    play.step(all(play, 'a', { ...silent, event: 'resolved' }));
    play.quiet(10);
    expect(play.told()).toEqual([]);
    // and the next one is a new one
    play.step(all(play, 'a', silent));
    play.quiet(5);
    play.step(all(play, 'a', { ...silent, event: 'resolved' }));
    expect(play.told()).toEqual(['opened silence a', 'resolved silence a']);
  });

  test('that is held at the end of the input is said', () => {
    const play = new FleetPlay();
    play.step(all(play, 'a', silent));
    play.fleet.finish(START_MS + 2 * MINUTE_MS);
    expect(play.told()).toEqual(['opened silence a']);
  });
});

describe('a hole in everyone’s telemetry', () => {
  const silent = { signal: 'silence' } as const;

  test('is one alert, and the silences in it are none', () => {
    const play = new FleetPlay();
    play.quiet(10);
    play.quiet(6, 0);
    play.step(all(play, 'abcdef', silent), 0);
    play.quiet(5, 0);
    play.quiet(1);
    play.step(all(play, 'abcdef', { ...silent, event: 'resolved' }));
    play.quiet(10);
    expect(play.told()).toEqual(['opened telemetry *', 'updated telemetry *', 'resolved telemetry *']);
    const [opened, grown, resolved] = play.events;
    expect([opened, grown].map((event) => event!.page)).toEqual([false, true]); // first in doubt, then not
    expect(resolved!.alert_id).toBe(opened!.alert_id);
    expect(opened!.started_at).toBe(new Date(START_MS + 10 * MINUTE_MS).toISOString());
    expect(opened!.function.account).toBe('1');
    expect(resolved!.ended_at).toBe(new Date(START_MS + 22 * MINUTE_MS).toISOString());
  });

  test.each([
    { name: 'needs functions to speak of', functions: 2, seen: 0, minutes: 10 },
    { name: 'is not a slow hour', functions: 10, seen: 0.3, minutes: 60 },
    { name: 'is not a single minute', functions: 10, seen: 0, minutes: 1 },
  ])('$name', ({ functions, seen, minutes }) => {
    const play = new FleetPlay(functions);
    play.quiet(10);
    play.quiet(minutes, seen);
    play.quiet(10);
    expect(play.told()).toEqual([]);
  });

  test('of all accounts is told once', () => {
    const play = new FleetPlay();
    for (let i = 0; i < 10; i++) play.step([], 1, ['aws/1', 'aws/2']);
    for (let i = 0; i < 10; i++) play.step([], 0, ['aws/1', 'aws/2']);
    for (let i = 0; i < 3; i++) play.step([], 1, ['aws/1', 'aws/2']);
    expect(play.events.filter(({ event }) => event === 'opened').length).toBeLessThanOrEqual(2);
    expect(play.events.some(({ event, function: { name } }) => event === 'opened' && name === '*')).toBe(true);
  });

  test('does not hide another function’s failures, nor a silence long after it', () => {
    const play = new FleetPlay();
    play.quiet(10);
    play.step([verdict('a', 11)], 0);
    play.quiet(5, 0);
    play.quiet(120);
    play.step([verdict('b', play.minute + 1, silent)]);
    play.quiet(5);
    expect(play.told().filter((text) => !text.includes('telemetry'))).toEqual(['opened errors a', 'opened silence b']);
  });
});

test('stopped and restored after any minute, it says the same', () => {
  const signal = fc.constantFrom('errors', 'silence', 'egress', 'content');
  const step = fc.record({
    seen: fc.constantFrom(0, 1, 1),
    verdicts: fc.array(
      fc.record({ name: fc.constantFrom(...'abcd'), event: fc.constantFrom('opened', 'updated', 'resolved'), signal }),
      { maxLength: 4 },
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.infiniteStream(fc.boolean()), (steps, restarts) => {
      const [whole, stopped] = [new FleetPlay(), new FleetPlay()];
      for (const { seen, verdicts } of steps) {
        for (const play of [whole, stopped]) {
          play.step(
            verdicts.map(({ name, event, signal: of }) =>
              verdict(name, play.minute + 1, {
                signal: of as Verdict['signal'],
                event: of === 'content' ? 'opened' : (event as Verdict['event']),
                detail: of === 'content' ? 'secret:key' : null,
              }),
            ),
            seen,
          );
        }
        if (restarts.next().value === true) stopped.restart();
      }
      expect(stopped.events).toEqual(whole.events);
    }),
  );
});

describe('the state of another version', () => {
  test('of 0.1 is read: its page budget begins anew', () => {
    const play = new FleetPlay();
    play.step([verdict('a', 1)]);
    const { budget: _budget, ...rest } = play.fleet.state();
    const upgraded = new FleetPlay();
    upgraded.quiet(1);
    upgraded.fleet.restore({ ...rest, v: 1 });
    upgraded.step([verdict('a', 2, { event: 'resolved' })]);
    expect(upgraded.told()).toEqual(['resolved errors a']);
    expect(upgraded.fleet.budget()).toMatchObject([{ spent: 0, left: 5 }]);
  });

  test('of a later one is refused', () => {
    const state = { ...new FleetPlay().fleet.state(), v: 3 } as never;
    expect(() => new FleetPlay().fleet.restore(state)).toThrow('cannot read its state v3');
  });
});

test('an incident of several functions is as severe as the worst and weighs as all of them', () => {
  const play = new FleetPlay();
  const failures = { ...FINDING, observed: 61, mid: 1 };
  play.step([
    verdict('a', 1, { finding: failures, severity: 'warning' }),
    verdict('b', 1, { finding: failures, severity: 'critical' }),
    verdict('c', 1, { finding: failures, severity: 'error' }),
  ]);
  expect(play.events).toMatchObject([{ severity: 'critical', impact: { failed_per_hour: 3 * 3600 } }]);
});
