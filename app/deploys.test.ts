import { describe, expect, test } from '@jest/globals';
import { Deploys } from '../detectors/deploys.ts';
import { ConfigError } from './config-error.ts';
import { parseDeploys } from './deploys.ts';

const problemsOf = (text: string): readonly string[] => {
  try {
    parseDeploys(text, 'd');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};
const AT = Date.UTC(2026, 10, 21, 14, 2);

describe('parseDeploys', () => {
  test.each([
    { name: 'NDJSON', text: '# ci\n{"time":"2026-11-21T14:02:00Z","function":"pay","version":43,"note":"run 7"}\n' },
    { name: 'CSV', text: 'time,function,version,note\n2026-11-21T15:02:00+01:00,pay,43,"run 7"\n\n' },
    { name: 'CSV with other columns first', text: 'note,version,function,time\r\nrun 7, 43 ,pay,1795269720\r\n' },
    {
      name: 'an ARN with its version',
      text: '{"time":1795269720000,"function":"arn:aws:lambda:eu-west-1:123456789012:function:pay:43","note":"run 7"}',
    },
  ])('$name', ({ text }) => {
    expect(parseDeploys(text, 'd')).toEqual([{ timeMs: AT, match: 'pay', version: '43', note: 'run 7' }]);
  });

  test('every bad line is told with its place and rule', () => {
    const text =
      '{"time":"yesterday","function":"pay"}\nnonsense\n{"time":"2026-11-21T14:02:00Z"}\n{"time":1,"function":"a","who":1}';
    expect(problemsOf(text)).toEqual([
      'd:1: time: not ISO 8601 with a zone, such as 2026-11-21T14:02:00Z, nor a Unix time',
      'd:2: not a JSON object',
      expect.stringMatching(/^d:3: function: /),
      expect.stringMatching(/^d:4: unrecognized key/),
    ]);
    expect(problemsOf('when,what\n1,2\n')[0]).toMatch(/^d:1: the first line must name the columns/);
    expect(problemsOf('time,function\n2026-11-21T14:02:00Z,"pay\n')).toEqual(['d:2: a quote is not closed']);
    expect(problemsOf('time,function\n2026-11-21T14:02:00Z,pay,43\n')).toEqual(['d:2: 3 cells, but only 2 columns']);
  });

  test('an empty file tells of no deploys', () => expect(parseDeploys('# nothing yet\n', 'd')).toEqual([]));
});

describe('Deploys.explain', () => {
  const HOUR = 3_600_000;
  const deploy = (match: string, version: string | null = null) => ({ timeMs: AT, match, version, note: null });
  const fn = 'aws/123456789012/eu-west-1/pay-api';
  test.each([
    { name: 'a name, an hour later', list: [deploy('pay-api')], version: '43', at: AT + HOUR, found: true },
    { name: 'a whole key', list: [deploy(fn)], version: '43', at: AT + HOUR, found: true },
    { name: 'a pattern', list: [deploy('pay-*')], version: '43', at: AT + HOUR, found: true },
    { name: 'a dot is a dot', list: [deploy('pay.api')], version: '43', at: AT + HOUR, found: false },
    { name: 'another function', list: [deploy('pay')], version: '43', at: AT + HOUR, found: false },
    { name: 'two days later', list: [deploy('pay-api')], version: '43', at: AT + 48 * HOUR, found: false },
    {
      name: 'two days later, by its version',
      list: [deploy('pay-api', '43')],
      version: '43',
      at: AT + 48 * HOUR,
      found: true,
    },
    { name: 'another version', list: [deploy('pay-api', '42')], version: '43', at: AT + HOUR, found: false },
    {
      name: 'a clock that is behind by minutes',
      list: [deploy('pay-api')],
      version: '43',
      at: AT - 4 * 60_000,
      found: true,
    },
    { name: 'a deploy still to come', list: [deploy('pay-api')], version: '43', at: AT - HOUR, found: false },
    {
      name: 'the first sight of the function',
      list: [deploy('pay-api', '1')],
      version: null,
      at: AT + HOUR,
      found: true,
    },
  ])('$name', ({ list, version, at, found }) => {
    expect(new Deploys(list).explain(fn, version, at) !== null).toBe(found);
  });
});
