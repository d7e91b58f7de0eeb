import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLog, type LogLevel, type LogOptions } from './log.ts';

function recorded(options: LogOptions = {}, isTerminal = false) {
  const lines: string[] = [];
  const to = { isTerminal, write: (line: string) => void lines.push(line) };
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log: createLog({ ...options, to }), lines, parsed };
}

describe('JSON', () => {
  test('one line a call: time, level, component, message and the fields', () => {
    const { log, lines, parsed } = recorded({ fields: { role: 'detect' } });
    log.child('bus', { topic: 'fragments' }).warn('broker is away', { attempt: 3 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    const { time, ...rest } = parsed()[0]!;
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(rest).toEqual({ level: 'warn', role: 'detect', component: 'bus', topic: 'fragments', message: 'broker is away', attempt: 3 }); // biome-ignore format: one line
  });

  test.each<{ level: LogLevel; said: string[] }>([
    { level: 'debug', said: ['debug', 'info', 'warn', 'error'] },
    { level: 'info', said: ['info', 'warn', 'error'] },
    { level: 'error', said: ['error'] },
    { level: 'silent', said: [] },
  ])('level $level says $said', ({ level, said }) => {
    const { log, parsed } = recorded({ level });
    const child = log.child('a part');
    for (const one of ['debug', 'info', 'warn', 'error'] as const) child[one](one);
    expect(parsed().map((line) => line['level'])).toEqual(said);
  });

  test('a field named like one of the log itself stands beside it', () => {
    const { log, lines, parsed } = recorded();
    log.info('said', { message: 'of the field', level: 7 });
    expect(parsed()[0]).toMatchObject({ message: 'said', level: 'info', message_: 'of the field', level_: 7 });
    expect(lines[0]!.match(/"message":/g)).toHaveLength(1);
  });
});

describe('secrets', () => {
  const SECRET = 'hunter2-hunter2';
  const url = `kafka://admin:${SECRET}@broker:9092`;
  const cause = new Error(`cannot reach ${url}`);
  const error = Object.assign(new Error(`password=${SECRET}`, { cause }), { code: 'E1', config: { secret: SECRET } });
  class Broken extends Error {}
  test.each<{ where: string; message?: string; fields?: Record<string, unknown> }>([
    { where: 'the message', message: `connecting to ${url}` },
    { where: 'a field', fields: { address: url } },
    { where: 'a field that is called so', fields: { password: SECRET } },
    { where: 'a field called so in camel case', fields: { saslPassword: SECRET, webhookToken: SECRET } },
    { where: 'headers', fields: { headers: { Authorization: SECRET, 'x-api-key': SECRET } } },
    { where: 'a list far inside', fields: { a: [{ b: { c: [url] } }] } },
    { where: 'a map', fields: { a: new Map([['password', SECRET]]) } },
    { where: 'a URL', fields: { a: new URL(url) } },
    { where: 'an error, its stack, its cause and what it carries', fields: { error } },
    { where: 'an aggregate', fields: { error: new AggregateError([error], url) } },
    { where: 'an error that is named so', fields: { error: Object.assign(new Broken('x'), { name: url }) } },
    { where: 'a name of a field', fields: { [url]: 1 } },
    { where: 'an object of secrets', fields: { credentials: { user: 'a', key: SECRET } } },
  ])('never from $where', ({ message = 'x', fields }) => {
    const { log, lines } = recorded();
    log.child('part', fields ?? {}).error(message, fields);
    expect(lines[0]).toContain('[redacted');
    expect(lines.join('')).not.toContain('hunter2');
  });

  test('where a secret lies, and how many there are, is said', () => {
    const { log, parsed } = recorded();
    log.info('x', { passwordFile: '/run/secrets/clickhouse', tokenCount: 3, password: null, hasToken: true });
    expect(parsed()[0]).toMatchObject({ passwordFile: '/run/secrets/clickhouse', tokenCount: 3, password: null, hasToken: true }); // biome-ignore format: one line
  });
});

test('an error is told with code, cause and a stack of whole lines', () => {
  const { log, parsed } = recorded();
  const error = Object.assign(new TypeError('no answer', { cause: new Error('reset') }), { code: 'ETIMEDOUT' });
  log.error('gave up', { error });
  const told = parsed()[0]!['error'] as { stack: string };
  expect(told).toMatchObject({
    name: 'TypeError',
    message: 'no answer',
    code: 'ETIMEDOUT',
    cause: { message: 'reset' },
  });
  expect(told.stack.split('\n').length).toBeGreaterThan(2);
});

test('any fields give one line of JSON: cycles, what JSON knows not, and what is too much', () => {
  const cycle: Record<string, unknown> = {
    big: 1n,
    nan: Number.NaN,
    bytes: new Uint8Array(5),
    date: new Date(Number.NaN),
  };
  cycle['itself'] = cycle;
  const { log, lines, parsed } = recorded();
  log.info('x', { ...cycle, many: Array.from({ length: 1000 }, (_, i) => i), long: 'a'.repeat(100_000) });
  expect(parsed()[0]).toMatchObject({ big: '1', nan: 'NaN', bytes: '[5 bytes]', date: 'invalid date' });
  expect(lines[0]!.length).toBeLessThan(10_000);
  fc.assert(
    fc.property(
      fc.string(),
      fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true, withMap: true })),
      (message, fields) => {
        const one = recorded();
        one.log.info(message, fields);
        expect(one.parsed()).toHaveLength(1);
        expect(one.lines[0]!.indexOf('\n')).toBe(one.lines[0]!.length - 1);
      },
    ),
  );
});

describe('text', () => {
  const error = Object.assign(new Error('no answer', { cause: new Error('reset') }), { code: 'ETIMEDOUT' });
  const line =
    /^\d\d:\d\d:\d\d\.\d{3} warn {2}bus: broker is away {2}attempt=3 topics=\["a","b"\] note="two words" error="no answer \(ETIMEDOUT\): reset"\n$/;
  test.each<{ name: string; format: NonNullable<LogOptions['format']>; isTerminal: boolean; isText: boolean }>([
    { name: 'a terminal gets text', format: 'auto', isTerminal: true, isText: true },
    { name: 'a pipe gets JSON', format: 'auto', isTerminal: false, isText: false },
    { name: 'JSON on a terminal, when asked for', format: 'json', isTerminal: true, isText: false },
    { name: 'text in a pipe, when asked for', format: 'text', isTerminal: false, isText: true },
  ])('$name', ({ format, isTerminal, isText }) => {
    const { log, lines } = recorded({ format }, isTerminal);
    log.child('bus').warn('broker is away', { attempt: 3, topics: ['a', 'b'], note: 'two words', error });
    expect(lines).toHaveLength(1);
    expect(line.test(lines[0]!)).toBe(isText);
  });

  test('a message cannot fake a second line or steer the terminal', () => {
    const { log, lines } = recorded({ format: 'text' });
    log.info('one\n12:00:00.000 error forged \u001b[2J', { field: 'a\nb' });
    expect(lines[0]!.indexOf('\n')).toBe(lines[0]!.length - 1);
    expect(lines[0]).not.toContain('\u001b');
  });
});

test('on standard error nothing is lost when the process ends at once, and a reader that went away ends no work', () => {
  const script = `
    const { createLog } = await import('./infra/log.ts');
    const log = createLog({ format: 'json' });
    for (let i = 0; i < 2000; i++) log.info('x'.repeat(100), { i });
    process.kill(process.pid, 'SIGKILL');`;
  const options = { cwd: new URL('..', import.meta.url), encoding: 'utf8' as const };
  const killed = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], options);
  expect(killed.signal).toBe('SIGKILL');
  const lines = killed.stderr.trim().split('\n');
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ i: 1999 });
  expect(lines).toHaveLength(2000);

  const unread = `
    const { createLog } = await import('./infra/log.ts');
    const log = createLog({ format: 'json' });
    for (let i = 0; i < 2000; i++) log.info('x'.repeat(100), { i });
    process.stdout.write('went on');`;
  const command = `exec 3>&1; { "$0" --import tsx --input-type=module -e "$1" 2>&1 >&3 3>&-; } | true`;
  const deaf = spawnSync('bash', ['-c', command, process.execPath, unread], options);
  expect(deaf.stdout).toBe('went on');
});
