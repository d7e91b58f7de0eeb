import { describe, expect, jest, test } from '@jest/globals';
import { generateFleet } from '../scenarios/fleet.ts';
import { file, LOG, SECRET, tripline } from '../test/captured-run.ts';
import { ClosedOutputError } from './io.ts';

jest.setTimeout(30_000);

const replay = (path: string, ...more: string[]) => ['replay', path, '--store', 'none', ...more];

describe('wrong usage', () => {
  const config = () => file('c.yaml', 'stroe: x\ntimeZone: Nowhere\n');
  test.each([
    { name: 'no command', args: [], says: 'Usage: tripline' },
    { name: 'an unknown command', args: ['replya'], says: "error: unknown command 'replya'\n(Did you mean replay?)" },
    {
      name: 'an unknown option',
      args: ['replay', 'x', '--jsno'],
      says: "error: unknown option '--jsno'\n(Did you mean --json?)",
    },
    { name: 'no input', args: ['replay'], says: "error: missing required argument 'input'" },
    {
      name: 'a wrong choice',
      args: ['replay', 'x', '--invocations', 'some'],
      says: 'Allowed choices are all, notable, none',
    },
    { name: 'no memory', args: ['replay', 'x', '--memory', '0'], says: 'not a whole number above 0' },
    {
      name: 'nothing to continue in',
      args: ['replay', 'x', '--store', 'none', '--continue'],
      says: 'error: --continue needs a store',
    },
    {
      name: 'no such config',
      args: ['replay', 'x', '--config', '/nowhere/c.yaml'],
      says: '/nowhere/c.yaml: no such file',
    },
  ])('$name: exit 2', async ({ args, says }) => {
    const { code, out, err } = await tripline(args);
    expect(err).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('check prints all problems of a config', async () => {
    const path = config();
    const zone = `${path}:2: timeZone: not an IANA time zone, such as Europe/Berlin\n`;
    expect(await tripline(['check', path])).toEqual({
      code: 2,
      out: '',
      err: `${path}:1: stroe: unknown key, did you mean store?\n${zone}`,
    });
    expect(await tripline(['check', file('ok.yaml', 'timeZone: Asia/Tokyo\n')])).toEqual({
      code: 0,
      out: 'ok\n',
      err: '',
    });
  });

  test('an output file that cannot be made is told before any work', async () => {
    const { code, err } = await tripline(replay(file('a', LOG), '--out', '/nowhere/out'));
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining("no such file or directory, open '/nowhere/out'"),
    });
  });
});

describe('the end', () => {
  test.each(['--help', 'replay --help', 'check --help', 'demo --help', 'budget --help'])(
    '%s helps and exits 0',
    async (args) => {
      const { code, out, err } = await tripline(args.split(' '));
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain('Usage: tripline');
    },
  );

  test.each([
    ['budget --week 5', "unknown option '--week'"],
    ['budget now', "too many arguments for 'budget'"],
    ['budget --store', "option '--store <dir>' argument missing"],
  ])('%s is wrong usage and exits 2', async (args, problem) => {
    const { code, err } = await tripline(args.split(' '));
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(problem) });
  });

  test('budget without a store says how to get one', async () => {
    const { code, err } = await tripline(['budget', '--store', '/nowhere/store']);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/no store in .*tripline replay FILE/) });
  });

  test('--version', async () => {
    expect(await tripline(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' });
  });

  test('Ctrl-C keeps what was done and exits 130', async () => {
    const long = generateFleet({
      seed: 4,
      functions: 3,
      days: 0.5,
      invocations: 20_000,
      startMs: Date.UTC(2026, 10, 16),
      incidents: 0,
      holes: 0,
    });
    const { code, out } = await tripline(replay(file('a', `${SECRET}\n${[...long.lines()].join('\n')}`)), {
      onWrite: (text, stream, interrupt) => stream === 'out' && text.includes('next') && interrupt(),
    });
    expect(code).toBe(130);
    expect(out).toContain('Summary so far (interrupted)');
    expect(out).not.toContain('20,0');
  });

  test('Ctrl-C while reading exits 130 and says that nothing was found yet', async () => {
    const ran = await tripline(replay('-'), { stdin: Buffer.from(LOG), onRead: (interrupt) => interrupt() });
    const err = 'reading 1 input\nerror: interrupted while reading: nothing was found or stored yet\n';
    expect(ran).toEqual({ code: 130, out: '', err });
  });

  test('an output that nobody reads any more ends it quietly', async () => {
    const { code, err } = await tripline(replay(file('a', LOG), '--json'), {
      onWrite: (_text, stream) => {
        if (stream === 'out') throw new ClosedOutputError('output closed');
      },
    });
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('error') });
  });
});
