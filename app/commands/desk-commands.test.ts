import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { alert, Play, START_MS } from '../../alerts/desk.fixture.ts';
import { file, folder, tripline } from '../../test/captured-run.ts';
import { deskViewFile, incidentsView, silencesView } from '../desk-view.ts';

let state = '';
let config = '';
beforeEach(() => {
  state = folder();
  config = file('c.yaml', `state: ${state}`);
});

/** What a desk that heard this shows. */
function shows(play: Play): void {
  mkdirSync(join(state, 'view'), { recursive: true });
  writeFileSync(deskViewFile(state, 'incidents'), JSON.stringify(incidentsView(play.desk)));
  writeFileSync(deskViewFile(state, 'silences'), JSON.stringify(silencesView(play.desk)));
}
const run = (...args: string[]) => tripline([...args, '--config', config]);
const asked = () =>
  existsSync(join(state, 'commands'))
    ? readdirSync(join(state, 'commands')).map(
        (name) => JSON.parse(readFileSync(join(state, 'commands', name), 'utf8')) as Record<string, unknown>,
      )
    : [];
const three = () =>
  new Play()
    .hear({ at: 0, alert: '117b06d5aa', usd: 4 }, { at: 1, name: 'imports', alert: '117b99d5aa', severity: 'critical' })
    .hear({ at: 2, name: 'old', alert: '0ddba11' }, { at: 3, name: 'old', alert: '0ddba11', event: 'resolved' })
    .time(600);

describe('incidents', () => {
  test('lists what is open, and with --all what is over', async () => {
    shows(three().silence({ function: ['imports'] }, 3600));
    const { code, out } = await run('incidents');
    expect(code).toBe(0);
    expect(out).toMatch(/117b06d5aa +open +error +pay +2026-11-20 12:00 +pay fails/);
    expect(out).toMatch(/117b99d5aa +silenced s1 +critical +imports/);
    expect(out).toMatch(/2 incidents open at 2026-11-20T12:10:00.000Z\n$/);
    expect(out).not.toContain('0ddba11');
    expect((await run('incidents', '--all')).out).toMatch(/0ddba11 +resolved/);
  });

  test('as JSON tells what it cost, and who was told', async () => {
    shows(three());
    const lines = (await run('incidents', '--all', '--json')).out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { id: '117b06d5aa', usd_per_hour: 4, told: ['chat', 'pager'], opened_at: '2026-11-20T12:00:00.000Z' },
      { id: '117b99d5aa', severity: 'critical', closed_at: null },
      { id: '0ddba11', status: 'resolved', closed_at: '2026-11-20T12:02:03.000Z' },
    ]);
  });

  test('of a storm shows what was told alone, then the worst, and can acknowledge it', async () => {
    const many = Array.from({ length: 2500 }, (_, i) => ({ at: 1, name: `f${i}`, severity: 'warning' as const }));
    const bad = { at: 0, name: 'bad', alert: 'bad1', severity: 'critical' as const };
    shows(new Play().hear(bad, ...many.slice(0, 1500), { at: 1, name: 'worse' }, ...many.slice(1500)).time(30));
    const { out } = await run('incidents');
    const rows = out.split('\n').slice(2);
    expect(rows[0]).toMatch(/^bad1 +open +critical +bad /);
    expect(rows[20]).toMatch(/ in a digest +error +worse /);
    expect(out).toMatch(/\n2,502 incidents open at .*; 2,482 of them told in a digest; 100 are shown\n$/);
    expect((await run('incidents', '--all')).out).toMatch(/; 2,000 are shown\n$/);
    expect(await run('ack', 'bad')).toMatchObject({ code: 0 });
  });

  test('says where nothing has run yet', async () => {
    for (const args of [['incidents'], ['ack', 'x'], ['label', 'x', 'true']])
      expect(await run(...args)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('has not been there'),
      });
    expect(await run('silence', 'list')).toMatchObject({ code: 1, err: expect.stringContaining('no silences in') });
  });
});

describe('ack and label', () => {
  test('ask for it by the beginning of an id', async () => {
    shows(three());
    const ran = await run('ack', '117b0', '--by', 'ann', '--note', 'rolling back');
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('117b06d5aa: pay fails\nacknowledged by ann') });
    expect(asked()).toMatchObject([{ kind: 'ack', incident: '117b06d5aa', by: 'ann', note: 'rolling back' }]);
  });

  test('a label is for what is over, too', async () => {
    shows(three());
    expect(await run('label', '0ddba11', 'planned', '--by', 'ann')).toMatchObject({ code: 0 });
    expect(asked()).toMatchObject([{ kind: 'label', incident: '0ddba11', label: 'planned', by: 'ann', note: '' }]);
  });

  test.each([
    { args: ['ack', '117b'], code: 1, says: '117b begins 2 ids: 117b06d5aa pay, 117b99d5aa imports' },
    { args: ['ack', '117c06d5aa'], code: 1, says: 'no incident 117c06d5aa, did you mean 117b06d5aa?' },
    { args: ['ack', '117b98'], code: 1, says: 'no incident 117b98, did you mean 117b99?' },
    { args: ['ack', 'zzzzzzzz'], code: 1, says: 'no incident zzzzzzzz: tripline incidents --all lists them' },
    { args: ['ack', ''], code: 1, says: 'an empty id is of no incident' },
    { args: ['ack', '0ddba11'], code: 1, says: 'incident 0ddba11 is resolved: only what is open' },
    { args: ['ack'], code: 2, says: "missing required argument 'alert'" },
    { args: ['label', '117b0', 'maybe'], code: 2, says: 'maybe is no label: true, false, planned' },
    { args: ['label', '', 'true'], code: 1, says: 'an empty id is of no incident' },
  ])('$args is not made up', async ({ args, code, says }) => {
    shows(three());
    expect(await run(...args)).toMatchObject({ code, out: '', err: expect.stringContaining(says) });
    expect(asked()).toEqual([]);
  });
});

describe('silence', () => {
  test('add asks for it, and prints its id', async () => {
    const ran = await run(
      'silence',
      'add',
      '--function',
      'import-*',
      'x',
      '--for',
      '2h',
      '--why',
      'known',
      '--by',
      'ann',
    );
    expect(ran.code).toBe(0);
    const [command, ...others] = asked();
    expect(others).toEqual([]);
    expect(command).toMatchObject({
      kind: 'silence',
      silence: { id: ran.out.trim(), match: { function: ['import-*', 'x'] }, by: 'ann', why: 'known' },
    });
    const { silence, atMs } = command as { silence: { untilMs: number }; atMs: number };
    expect(silence.untilMs - atMs).toBe(2 * 3600_000);
    expect(new Play().desk.command(command)).toMatchObject([{ entry: { kind: 'silence', change: 'added' } }]);
  });

  test.each([
    { args: ['--for', '2h', '--why', 'x'], says: 'a silence of everything is none' },
    { args: ['--function', 'a', '--for', '2h'], says: 'say why' },
    { args: ['--function', 'a', '--why', 'x'], says: 'give --for or --until' },
    { args: ['--function', 'a', '--why', 'x', '--for', '2 moons'], says: '--for: 2 moons is not 30m' },
    { args: ['--function', 'a', '--why', 'x', '--for', '0m'], says: 'would be over already' },
    { args: ['--function', 'a', '--why', 'x', '--for', '99w'], says: 'a year at most' },
    { args: ['--function', 'a', '--why', 'x', '--until', '2026-12-01'], says: 'no time with its zone' },
    { args: ['--function', 'a', '--why', 'x', '--until', '2020-12-01T08:00Z'], says: 'would be over already' },
    { args: ['--function', 'a(b', '--why', 'x', '--for', '1h'], says: '--function: "(" is in no name of a function' },
    { args: ['--signal', 'eror', '--why', 'x', '--for', '1h'], says: '--signal: ' },
  ])('add $args is wrong usage', async ({ args, says }) => {
    expect(await run('silence', 'add', ...args)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(says),
    });
    expect(asked()).toEqual([]);
  });

  test('list shows what each covers; expire ends one by the beginning of its id', async () => {
    shows(
      three()
        .silence({ function: ['imports'] }, 3600, 'abc123')
        .silence({ account: ['9'] }, 7200, 'abd456'),
    );
    const { out } = await run('silence', 'list');
    expect(out).toMatch(/abc123 +2026-11-20 13:00 +ann +1 +function imports +known/);
    expect(out).toMatch(/abd456 +2026-11-20 14:00 +ann +0 +account 9 +known\n\n2 silences\n$/);
    const lines = (await run('silence', 'list', '--json')).out.trimEnd().split('\n');
    expect(JSON.parse(lines[0]!)).toMatchObject({ id: 'abc123', until: new Date(START_MS + 3600_000).toISOString() });
    expect(await run('silence', 'expire', 'abc', '--why', 'done')).toMatchObject({ code: 0 });
    expect(asked()).toMatchObject([{ kind: 'unsilence', silence: 'abc123', why: 'done' }]);
  });

  test('list and expire know one that no running tripline has taken yet', async () => {
    const ran = await run('silence', 'add', '--function', 'pay', '--for', '2h', '--why', 'known', '--by', 'ann');
    const id = ran.out.trim();
    const listed = async () => (await run('silence', 'list')).out;
    expect(await listed()).toMatch(/ann +0 +function pay +known \(waiting for a running tripline\)\n\n1 silence\n$/);
    expect(await run('silence', 'expire', id.slice(0, 4), '--why', 'a mistake')).toMatchObject({ code: 0 });
    expect(
      asked()
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['silence', 'unsilence']);
    expect(await listed()).toContain('(waiting for a running tripline, which ends it)');
    shows(three().silence({ account: ['9'] }, 7200, 'abd456'));
    expect(await listed()).toMatch(/abd456.*known\n.*waiting for.*\n\n2 silences\n$/);
    await run('silence', 'expire', 'abd456');
    const lines = (await run('silence', 'list', '--json')).out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { waits?: string }).waits)).toEqual(['to end', 'to end']);
  });

  test.each([
    { id: 'ab', says: 'ab begins 2 ids: abc123, abd456' },
    { id: 'abc124', says: 'no silence abc124, did you mean abc123?' },
    { id: '', says: 'an empty id is of no silence' },
  ])('expire of "$id" is not made up', async ({ id, says }) => {
    shows(
      three()
        .silence({ account: ['8'] }, 3600, 'abc123')
        .silence({ account: ['9'] }, 7200, 'abd456'),
    );
    expect(await run('silence', 'expire', id)).toMatchObject({ code: 1, err: expect.stringContaining(says) });
    expect(asked()).toEqual([]);
  });
});

describe('route test', () => {
  const destinations = 'destinations: [{type: stdout, name: chat}, {type: stdout, name: pager}]';
  const routes = `routes:
  - {match: {function: [pay*]}, to: pager, continue: true}
  - {match: {severity: critical}, to: [pager]}
  - {match: {signal: errors}, to: chat}`;
  const ask = (content: string, yaml = `${destinations}\n${routes}`) =>
    tripline(['route', 'test', '-', '--config', file('c.yaml', yaml)], { stdin: Buffer.from(content) });

  test('shows the way, route by route, of an event and of a notice', async () => {
    const told =
      'route 1: matches, to pager\nroute 2: does not match\nroute 3: matches, to chat; the ones below are not asked\ntold: chat, pager\n';
    expect(await ask(JSON.stringify(alert({ at: 0 })))).toMatchObject({ code: 0, out: told });
    expect(await ask(JSON.stringify({ schema: 1, event: alert({ at: 0 }) }))).toMatchObject({ out: told });
    expect(await ask(`${JSON.stringify(alert({ at: 0, name: 'x', signal: 'egress' }))}\n{}\n`)).toMatchObject({
      out: 'route 1: does not match\nroute 2: does not match\nroute 3: does not match\nnobody is told\n',
    });
    expect((await ask(JSON.stringify(alert({ at: 0 })), destinations)).out).toBe(
      'no routes: everything goes everywhere\ntold: chat, pager\n',
    );
  });

  test.each([
    { content: '', says: '-: no JSON' },
    { content: '{"alert_id": "x"}', says: '-: no alert event: it has no event' },
    { content: JSON.stringify({ ...alert({ at: 0 }), threats: [1] }), says: 'its threats is not what it should be' },
    { content: 'null', says: '-: no alert event: it is no object' },
  ])('of $content is said to be impossible', async ({ content, says }) => {
    expect(await ask(content)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(says) });
  });

  test('of a file that is not there names it', async () => {
    const ran = await run('route', 'test', '/nowhere/alert.json');
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('/nowhere/alert.json cannot be read: ENOENT') });
  });

  test.each([
    { line: '- {to: chta}', says: 'c.yaml:3: routes.0.to.0: chta is the name of no destination, did you mean chat?' },
    { line: '- {to: chat, match: {function: "a(b"}}', says: 'c.yaml:3: routes.0.match.function.0: "(" is in no name' },
    {
      line: '- {to: chat, match: {severty: error}}',
      says: 'c.yaml:3: routes.0.match.severty: unknown key, did you mean severity?',
    },
    { line: '- {to: chat, match: {threat: T99}}', says: 'c.yaml:3: routes.0.match.threat.0' },
    { line: '- {to: []}', says: 'c.yaml:3: routes.0.to' },
    { line: '- {match: {page: true}}', says: 'c.yaml:3: routes.0.to' },
  ])('with the route $line is a mistake in that line', async ({ line, says }) => {
    const ran = await ask(JSON.stringify(alert({ at: 0 })), `${destinations}\nroutes:\n  ${line}`);
    expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
  });
});
