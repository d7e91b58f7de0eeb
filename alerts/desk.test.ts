import { describe, expect, test } from '@jest/globals';
import { alert, Play, START_MS } from './desk.fixture.ts';
import { identityOf } from './desk-incident.ts';

const DAY = 24 * 3600;

describe('an incident', () => {
  test('is told when it opens and, once it has stayed over, when it ends', () => {
    const play = new Play().hear({ at: 0 }, { at: 60, event: 'updated' }, { at: 300, event: 'resolved' }).time(400);
    expect(play.lines).toEqual(['0 pay-errors opened v1', '(60 pay-errors updated v2)']);
    expect(play.time(420).lines.slice(2)).toEqual(['420 pay-errors resolved v3']);
    expect(play.notices.at(-1)).toMatchObject({
      status: 'resolved',
      to: ['chat', 'pager'],
      opened_at: alert({ at: 0 }).at,
    });
  });

  test('that opens again within the flap hold has not ended', () => {
    const play = new Play().hear({ at: 0 }, { at: 100, event: 'resolved' }, { at: 200, alert: 'again' }).time(1000);
    expect(play.lines).toEqual(['0 pay-errors opened v1', '(200 pay-errors updated v2)']);
    expect(play.hear({ at: 2000, alert: 'again', event: 'resolved' }).time(2120).lines.at(-1)).toBe(
      '2120 pay-errors resolved v3',
    );
  });

  test('that opens again soon after its end is the same; later it is another one', () => {
    const play = new Play()
      .hear({ at: 0 }, { at: 100, event: 'resolved' })
      .time(300)
      .hear({ at: 1000, alert: 'again' });
    expect(play.lines.at(-1)).toBe('1000 pay-errors reopened v3');
    play
      .hear({ at: 1100, event: 'resolved', alert: 'again' })
      .time(1300)
      .hear({ at: 1300 + 1800, alert: 'third' });
    expect(play.lines.at(-1)).toBe('3100 third opened v1');
  });

  test('that detection forgot and finds again keeps its identity', () => {
    const play = new Play().hear(
      { at: 0 },
      { at: 5000, alert: 'new life' },
      { at: 5100, alert: 'pay-errors', event: 'resolved' },
    );
    expect(play.time(6000).lines).toEqual(['0 pay-errors opened v1', '(5000 pay-errors updated v2)']);
    expect(play.hear({ at: 6000, alert: 'new life', event: 'resolved' }).time(6120).lines.at(-1)).toBe(
      '6120 pay-errors resolved v3',
    );
  });

  test.each([
    { what: 'a higher severity', to: { severity: 'critical' as const }, isLoud: true },
    { what: 'a doubled impact', to: { usd: 4 }, isLoud: true },
    { what: 'an impact that has not doubled', to: { usd: 3.9 }, isLoud: false },
    { what: 'a lower severity', to: { severity: 'warning' as const, usd: 2 }, isLoud: false },
    { what: 'a page', to: { usd: 2, page: true }, isLoud: true },
  ])('with $what is told loudly: $isLoud', ({ to, isLoud }) => {
    const play = new Play().hear({ at: 0, usd: 2 }, { at: 60, event: 'updated', ...to });
    expect(play.notices[1]).toMatchObject({ transition: 'updated', loud: isLoud });
  });

  test('that grows a moment after it was told is told again after a minute, if it still is so, and at once where it cannot wait', () => {
    const play = new Play().hear(
      { at: 0, usd: 2 },
      { at: 0, name: 'brief', usd: 2 },
      { at: 0, name: 'bad', severity: 'warning' },
      { at: 1, event: 'updated', usd: 4, severity: 'error' },
      { at: 2, name: 'brief', event: 'updated', usd: 5 },
      { at: 3, event: 'updated', usd: 9, severity: 'error' },
      { at: 5, name: 'bad', event: 'updated', severity: 'critical' },
      { at: 40, name: 'brief', event: 'updated', usd: 2 },
    );
    const loud = () =>
      play.notices.filter(({ loud }) => loud).map(({ transition, at, event }) => [event.function.name, transition, at]);
    const at = (seconds: number) => new Date(START_MS + seconds * 1000).toISOString();
    const opened = ['pay', 'brief', 'bad'].map((name) => [name, 'opened', at(0)]);
    expect(loud()).toEqual([...opened, ['bad', 'updated', at(5)]]);
    play.time(120);
    expect(loud().slice(4)).toEqual([['pay', 'updated', at(60)]]);
  });

  test('that is still open is told again after a day unless somebody has acknowledged it', () => {
    const play = new Play()
      .hear({ at: 0 })
      .time(DAY - 1)
      .time(DAY)
      .time(2 * DAY);
    expect(play.lines).toEqual([
      '0 pay-errors opened v1',
      '86400 pay-errors renotified v2',
      '172800 pay-errors renotified v3',
    ]);
    play.command({ kind: 'ack', incident: 'pay-errors', by: 'ann', note: 'looking' }).time(5 * DAY);
    expect(play.notices.slice(3)).toMatchObject([
      { transition: 'acknowledged', status: 'acknowledged', by: 'ann', reason: 'looking', loud: false },
    ]);
  });

  test('that nothing is heard of expires, and is told so', () => {
    const play = new Play({ renotifyAfterMs: 0 }).hear({ at: 0 }).time(7 * DAY);
    expect(play.notices.at(-1)).toMatchObject({ transition: 'expired', status: 'expired', version: 2 });
    expect(play.hear({ at: 8 * DAY, event: 'updated' }).lines.at(-1)).toBe(`${8 * DAY} pay-errors reopened v3`);
  });

  test('must last as long as it is set, unless it is critical', () => {
    const play = new Play({ holdMs: 60_000 }).hear(
      { at: 0 },
      { at: 0, name: 'bad', severity: 'critical' },
      { at: 10, name: 'short' },
    );
    expect(play.hear({ at: 30, name: 'short', event: 'resolved' }).time(59).lines).toEqual(['0 bad-errors opened v1']);
    expect(play.time(3600).lines.slice(1)).toEqual(['60 pay-errors opened v1']);
  });

  test('has one identity whatever the configuration, by function and family of signals; a common cause is its own', () => {
    const id = identityOf(alert({ at: 0 }));
    expect(identityOf({ ...alert({ at: 9, alert: 'x', signal: 'timeouts' }) })).toBe(id);
    expect(identityOf({ ...alert({ at: 0 }), evidence: { request_ids: [], config_hash: 'other' } })).toBe(id);
    expect(identityOf(alert({ at: 0, signal: 'egress' }))).not.toBe(id);
    expect(identityOf({ ...alert({ at: 0 }), baseline: { windows: 9, kind: 'cusum' } })).not.toBe(id);
    expect(identityOf(alert({ at: 0, alert: 'g', functions: ['pay', 'a'] }))).toBe('alert g');
  });
});

describe('a silence', () => {
  test('holds back what it matches, and tells what is still bad when it is over', () => {
    const play = new Play().silence({ function: ['pay*'] }, 3600).hear({ at: 10 }, { at: 20, name: 'other' });
    expect(play.time(3599).lines).toEqual(['20 other-errors opened v1']);
    expect(play.time(3600).lines.slice(1)).toEqual(['3600 pay-errors opened v1']);
    expect(play.entries).toMatchObject([
      { kind: 'silence', change: 'added', by: 'ann', why: 'known' },
      { transition: 'silenced', incident_id: 'pay-errors', by: 'ann', reason: 'silence s1: known' },
      { kind: 'silence', change: 'expired' },
      { transition: 'unsilenced' },
    ]);
  });

  test('lets the end through of what was told before, and nothing else', () => {
    const play = new Play().hear({ at: 0 }).silence({ signal: ['errors'] }, 3600);
    play.hear({ at: 60, event: 'updated', severity: 'critical' }, { at: 100, event: 'resolved' }).time(4000);
    expect(play.lines).toEqual(['0 pay-errors opened v1', '220 pay-errors resolved v2']);
  });

  test('that somebody ends tells what it covered, but for what another one covers', () => {
    const play = new Play().silence({ account: ['1'] }, 3600).silence({ function: ['b'] }, 3600, 's2');
    play
      .hear({ at: 10, name: 'a' }, { at: 10, name: 'b' })
      .command({ kind: 'unsilence', silence: 's1', by: 'bob', why: 'done' });
    expect(play.lines).toEqual(['10 a-errors opened v1']);
    expect(play.time(3600).lines.slice(1)).toEqual(['3600 b-errors opened v1']);
  });

  test('that an incident has outgrown covers it no longer, and says nothing of it when it is over', () => {
    const play = new Play().silence({ severity: ['error'] }, 3600).hear({ at: 10 });
    play.hear({ at: 60, event: 'updated', severity: 'critical' }).time(3600);
    expect(play.lines).toEqual(['60 pay-errors opened v1']);
  });

  test('of one function does not cover a common cause of several', () => {
    const play = new Play().silence({ function: ['a'] }, 3600).hear({ at: 10, alert: 'g', functions: ['a', 'b', 'c'] });
    expect(play.lines).toEqual(['10 g opened v1']);
  });
});

describe('routes', () => {
  const routes = [
    { match: { function: ['pay*'] }, to: ['pager'], continue: true },
    { match: { severity: ['critical'] }, to: ['pager'], continue: false },
    { match: {}, to: ['chat'], continue: false },
  ];

  test('are asked in order; an end goes where it was told, whatever they say then', () => {
    const play = new Play({ routes }).hear({ at: 0 }, { at: 0, name: 'x', severity: 'critical' }, { at: 0, name: 'y' });
    expect(play.notices.map(({ to }) => to)).toEqual([['chat', 'pager'], ['pager'], ['chat']]);
    play.command({ kind: 'settings', settings: { ...play.desk.settings, routes: [] } });
    play.hear({ at: 100, name: 'y', event: 'resolved' }).time(300);
    expect(play.notices.at(-1)).toMatchObject({ transition: 'resolved', to: ['chat'] });
  });

  test('that lead nowhere tell nobody, until it gets worse', () => {
    const play = new Play({ routes: [{ match: { page: true }, to: ['pager'], continue: false }] }).hear({ at: 0 });
    expect(play.lines).toEqual([]);
    expect(play.hear({ at: 60, event: 'updated', page: true }).notices).toMatchObject([
      { transition: 'opened', to: ['pager'] },
    ]);
  });
});

describe('the past', () => {
  test('is not told; what is still open when it ends is told once', () => {
    const play = new Play().command({ kind: 'history', untilMs: START_MS + 1000_000 });
    play.hear({ at: 0 }, { at: 10, name: 'b' }, { at: 20, name: 'b', event: 'resolved' }).time(999);
    expect(play.lines).toEqual([]);
    expect(play.time(1000).time(5000).lines).toEqual(['1000 pay-errors opened v1']);
  });
});

describe('a desk that comes after others', () => {
  test('tells the end of what they told', () => {
    const play = new Play({}, true).hear({ at: 0, event: 'resolved' }, { at: 10, name: 'b', event: 'updated' });
    expect(play.lines).toEqual(['(0 pay-errors resolved v1)', '10 b-errors opened v1']);
  });
});
