import { describe, expect, test } from '@jest/globals';
import { Play } from './desk.fixture.ts';
import { MOST_INCIDENTS } from './desk-book.ts';

describe('a storm', () => {
  const many = (count: number, at: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({
      at,
      name: `f${from + i}`,
      signal: i % 2 === 0 ? ('errors' as const) : ('egress' as const),
    }));

  test('is told as one: at once, then each minute, critical ones alone, until everything in it is over', () => {
    const play = new Play({ destinations: ['chat'] })
      .hear(...many(100, 30), { at: 30, name: 'bad', severity: 'critical' })
      .time(30);
    expect(play.notices.filter(({ transition }) => transition === 'opened')).toHaveLength(21);
    const digest = play.notices.at(-1)!;
    expect(digest).toMatchObject({ transition: 'digest', version: 1, loud: true, to: ['chat'] });
    expect(digest.digest).toMatchObject({
      incidents: 80,
      by_signal: { errors: 40, egress: 40 },
      by_severity: { error: 80 },
      by_region: { 'eu-west-1': 80 },
      by_account: { '1': 80 },
    });
    expect(digest.digest!.worst).toHaveLength(20);
    play.hear(...many(50, 40, 100)).time(60);
    expect(play.notices.at(-1)).toMatchObject({
      transition: 'digest',
      version: 2,
      loud: false,
      digest: { incidents: 130 },
    });
    play.hear(...many(150, 70).map((it) => ({ ...it, event: 'resolved' as const }))).time(400);
    expect(play.notices.at(-1)).toMatchObject({ transition: 'resolved', incident_id: digest.incident_id, loud: true });
    expect(
      play.notices.filter(({ transition, incident_id }) => transition === 'resolved' && /^f/.test(incident_id)),
    ).toHaveLength(20);
  });

  test('is over when a minute has fewer; what is in it is told alone once it gets worse', () => {
    const play = new Play()
      .hear(...many(30, 0))
      .time(0)
      .time(60)
      .time(120)
      .hear({ at: 130, name: 'late' });
    expect(play.lines.at(-1)).toBe('130 late-errors opened v1');
    play.hear({ at: 140, name: 'f28', event: 'updated', severity: 'critical' });
    expect(play.notices.at(-1)).toMatchObject({
      incident_id: 'f28-errors',
      transition: 'opened',
      version: 1,
      loud: true,
    });
    play.hear({ at: 200, name: 'f28', event: 'resolved' }).time(400);
    expect(play.notices.filter((it) => it.incident_id === 'f28-errors').at(-1)).toMatchObject({
      transition: 'resolved',
      version: 2,
    });
  });

  test('of 50,000 in a minute leaves nothing out of the counts, and takes bounded room', () => {
    const play = new Play({ destinations: ['chat'] });
    for (let i = 0; i < 50_000; i++)
      play.hear({ at: i / 1000, name: `f${i}`, severity: i % 5000 === 0 ? 'critical' : 'error' });
    play.time(60);
    const alone = play.notices.filter(({ transition }) => transition === 'opened').length;
    const digest = play.notices.at(-1)!;
    expect(digest.digest!.incidents + alone).toBe(50_000);
    expect(
      play.notices.filter(({ event, transition }) => transition === 'opened' && event.severity === 'critical'),
    ).toHaveLength(10);
    expect(play.desk.untracked.opened).toBeGreaterThan(20_000);
    expect(JSON.stringify(play.desk.state()).length).toBeLessThan(60e6);
    expect(play.notices.length).toBeLessThan(40);
  });

  test('ends loudly, and says of what was only counted how much of it is over', () => {
    const names = Array.from({ length: MOST_INCIDENTS + 1000 }, (_, i) => `f${i}`);
    const endOf = (over: number) => {
      const play = new Play({ destinations: ['chat'] });
      for (const name of names) play.hear({ at: 30, name });
      play.time(200);
      for (const name of names.slice(0, over)) play.hear({ at: 210, name, event: 'resolved' });
      return play.time(600).notices.at(-1)!;
    };
    const all = endOf(names.length);
    expect(all).toMatchObject({ status: 'resolved', loud: true, digest: { incidents: 20_980, over: 20_980 } });
    expect(all.reason).toMatch(/^all 20,980 incidents told together since \S+ are over$/);
    const some = endOf(MOST_INCIDENTS + 400);
    expect(some).toMatchObject({ status: 'resolved', loud: true, digest: { incidents: 20_980, over: 20_380 } });
    expect(some.reason).toMatch(
      /^of 20,980 .*, all 19,980 that were followed are over, and 400 of the 1,000 others, which were only counted$/,
    );
  });

  test('counts by place in bounded room, whatever places are called', () => {
    const play = new Play({ destinations: ['chat'] }).hear(...many(30, 30));
    for (const account of ['constructor', '__proto__', 'toString']) play.hear({ at: 30, name: account, account });
    for (let i = 0; i < 200; i++) play.hear({ at: 30, name: `g${i}`, account: `a${i}` });
    const { by_account: counts } = play.time(30).notices.at(-1)!.digest!;
    expect(Object.keys(counts!)).toHaveLength(41);
    expect(counts).toMatchObject({ '1': 10, constructor: 1, toString: 1, a0: 1 });
    expect(counts!['other']).toBeGreaterThan(150);
  });

  test('says first how many there are, and that critical ones are told alone, then what is new', () => {
    const play = new Play({ destinations: ['chat'] }).hear(...many(100, 30)).time(30);
    expect(play.notices.at(-1)!.reason).toMatch(
      /^too many to tell apart: 80 incidents since \S+; critical ones are told alone$/,
    );
    play.hear(...many(1500, 40, 100)).time(60);
    expect(play.notices.at(-1)!.reason).toMatch(
      /^1,500 more, 1,580 incidents told together since \S+, 0 of them over$/,
    );
  });
});
