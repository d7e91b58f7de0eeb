import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, jest, test } from '@jest/globals';
import { CALLS, file, folder, LINES, LOG, tripline } from '../../test/captured-run.ts';

jest.setTimeout(30_000);

const replay = (path: string, ...more: string[]) => ['replay', path, '--store', 'none', ...more];

describe('an hour of three functions', () => {
  test('gives a report that says what was seen, found, learnt and cannot be watched', async () => {
    const { code, out, err } = await tripline(replay(file('a.ndjson', LOG)));
    expect(code).toBe(0);
    expect(err).toMatch(/^reading 1 input \(\d/);
    expect(out).toMatch(new RegExp(`invocations  ${CALLS.toLocaleString('en-US')} of 4 functions`));
    expect(out).toMatch(/learnt \d+ of 60 windows/);
    expect(out).toMatch(/Cannot be watched\n {2}T\d/);
    expect(out).toContain('rejects      none');
    expect(out).toMatch(/ERROR {2}2026-11-16 09:30:00Z {2}pay {2}content/);
    expect(out).not.toContain('IOSFODNN7');
    expect(out).not.toContain('\u001b');
  });

  test('gives the same alert events, zipped, on standard input, or with little memory', async () => {
    const plain = await tripline(replay(file('a.ndjson', LOG), '--json'));
    expect(plain.code).toBe(0);
    const events = plain.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { schema: number; signal: string });
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(event.schema).toBe(1);
    const others = [
      await tripline(replay(file('a.ndjson', LOG), '--json')),
      await tripline(replay(file('b', gzipSync(LOG)), '--json')),
      await tripline(replay('-', '--json'), { stdin: Buffer.from(LOG) }),
      await tripline(replay('-', '--json'), { stdin: gzipSync(LOG) }),
      await tripline(replay(file('a.ndjson', LOG), '--json', '--memory', '1')),
    ];
    for (const other of others) expect(other.out === plain.out).toBe(true);
  });

  test('shuffled, is sorted first, says so, and counts the same', async () => {
    const shuffled = LINES.map((line, i) => [(i * 7919) % 1009, line] as const)
      .sort(([a], [b]) => a - b)
      .map(([, line]) => line)
      .join('\n');
    const { code, out, err } = await tripline(replay(file('a', shuffled)));
    expect(code).toBe(0);
    expect(err).toMatch(/\d % of the log events would come too late in this order: sorted them by time first/);
    expect(out).toContain(`invocations  ${CALLS.toLocaleString('en-US')} of 3 functions`);
  });

  test('in a folder of files by log group counts the same, and none is late', async () => {
    const dir = folder();
    const groups = new Map<string, string[]>();
    for (const line of LINES) {
      const { logGroup } = JSON.parse(line) as { logGroup: string };
      groups.set(logGroup, [...(groups.get(logGroup) ?? []), line]);
    }
    for (const [group, lines] of groups) {
      mkdirSync(join(dir, group), { recursive: true });
      writeFileSync(join(dir, group, '000000.gz'), gzipSync(lines.join('\n')));
    }
    const summary = join(dir, '.summary.json');
    const { code, err } = await tripline(replay(dir, '--summary', summary));
    expect(err).not.toContain('too late');
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(summary, 'utf8'))).toMatchObject({
      invocations: CALLS,
      functions: 3,
      sources: groups.size,
    });
  });

  test('leaves totals and alerts in files', async () => {
    const dir = folder();
    const { out } = await tripline(
      replay(file('a', LOG), '--json', '--out', join(dir, 'out'), '--summary', join(dir, 'sum')),
    );
    expect(out).toBe('');
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe((await tripline(replay(file('a', LOG), '--json'))).out);
    expect(JSON.parse(readFileSync(join(dir, 'sum'), 'utf8'))).toMatchObject({
      invocations: CALLS,
      functions: 4,
      rejects: {},
      alerts: { content: 1 },
      wall_ms: 0,
    });
  });

  test('fails on an alert where it is told to', async () => {
    expect((await tripline(replay(file('a', LOG), '--fail-on-alert'))).code).toBe(3);
    expect((await tripline(replay(file('a', LINES.slice(0, 300).join('\n')), '--fail-on-alert'))).code).toBe(0);
  });

  test('is in colour on a terminal, unless NO_COLOR is set', async () => {
    const path = file('a', LOG);
    expect((await tripline(replay(path), { isTTY: true })).out).toContain('\u001b[31mERROR\u001b[0m');
    expect((await tripline(replay(path), { isTTY: true, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b[31m');
  });
});

describe('bad input', () => {
  const half = `${LOG}${LINES[0]!.slice(0, 200)}`;
  test.each([
    { name: 'no such file', path: () => '/nowhere/a.log', says: '/nowhere/a.log: no such file or directory' },
    { name: 'a folder without logs', path: folder, says: 'folder without log files' },
    { name: 'an empty file', path: () => file('a', ''), says: 'empty file' },
    { name: 'an empty gzip', path: () => file('a', gzipSync('')), says: 'empty file' },
    { name: 'a binary', path: () => file('a', Buffer.alloc(9999)), says: 'binary data, not a log' },
    { name: 'a zip', path: () => file('a', 'PK\u0003\u0004'), says: 'a zip archive: not supported, unpack first' },
    { name: 'text that is no log', path: () => file('a', 'hello\nworld\n'), says: '--log-group' },
    { name: 'a glob that matches nothing', path: () => join(folder(), '*.log'), says: 'no file matches' },
  ])('$name alone: exit 1', async ({ path, says }) => {
    const { code, out, err } = await tripline(replay(path()));
    expect(err).toContain(says);
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });

  test('beside good input is warned of, and the rest is done', async () => {
    const { code, out, err } = await tripline([
      'replay',
      file('a', LOG),
      '/nowhere/b',
      file('c', ''),
      '--store',
      'none',
    ]);
    expect(code).toBe(0);
    expect(err).toContain('warning: /nowhere/b: no such file or directory\n');
    expect(err).toMatch(/warning: \S+c: empty file\n/);
    expect(out).toContain(`invocations  ${CALLS.toLocaleString('en-US')} of`);
  });

  test('of a truncated gzip gives what came before, and a warning', async () => {
    const gz = gzipSync(LOG);
    const { code, out, err } = await tripline(replay(file('a.gz', gz.subarray(0, gz.length - 5000))));
    expect(code).toBe(0);
    expect(err).toMatch(
      /warning: \S+a\.gz: truncated gzip: it ends in the middle; the \d+ bytes of text before that were used/,
    );
    expect(out).toMatch(/invocations {2}[12],\d\d\d of 4 functions/);
  });

  test('of a half-written last line is one reject, with its place', async () => {
    const { code, out } = await tripline(replay(file('a', half)));
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `rejects {6}1 pieces? of input could not be used:\\n +1 × .*, first at \\S+a line ${LINES.length + 2}\\n`,
      ),
    );
  });
});

test('logs of something else are said to be that', async () => {
  const { code, err } = await tripline(
    replay(file('flow.csv', 'app,func,end_timestamp,duration\n1,2,3,4\n'), '--log-group', '/aws/lambda/pay'),
  );
  expect(code).toBe(1);
  expect(err).toContain('nothing in it is of a function, in a format that is known here (docs/formats.md)');
});

test('a status and a denied access of one record are two facts, and both are the same when it comes again', async () => {
  const fields =
    'fields: [{ when: { kind: call }, provider: nomad, function: fn, time: at, httpStatus: code, requestId: id, message: text }]';
  const record = { kind: 'call', fn: 'pay', at: '2026-11-21T10:00:00Z', code: 502, id: 'r1', text: 'AccessDenied' };
  const line = `${JSON.stringify(record)}\n`;
  const config = file('fields.yaml', fields);
  const duplicates = async (text: string) => {
    const summary = join(folder(), 'summary.json');
    const args = ['replay', file('calls.ndjson', text), '--config', config, '--store', 'none', '--summary', summary];
    expect(await tripline(args)).toMatchObject({ code: 0 });
    return (JSON.parse(readFileSync(summary, 'utf8')) as { duplicates: number }).duplicates;
  };
  expect(await duplicates(line)).toBe(0);
  expect(await duplicates(line + line)).toBe(3); // the call, its status, the denial
});
