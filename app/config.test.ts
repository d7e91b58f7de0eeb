import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { loadConfig, parseConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { pagingOf } from './paging.ts';

function problemsOf(yaml: string, env = {}): readonly string[] {
  try {
    parseConfig(yaml, 'a.yaml', env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('a config that says', () => {
  test.each([
    { name: 'nothing', yaml: '', said: [] },
    { name: 'only comments', yaml: '# nothing\n', said: [] },
    { name: 'a list', yaml: '- 1\n', said: ['a.yaml:1: top: invalid input: expected object, received array'] },
    {
      name: 'a misspelt key',
      yaml: 'detection:\n  bra: 7\n',
      said: ['a.yaml:2: detection.bra: unknown key, did you mean bar?'],
    },
    {
      name: 'a key of another section',
      yaml: 'gradeDelayMs: 1\n',
      said: ['a.yaml:1: gradeDelayMs: unknown key, did you mean detection.gradeDelayMs?'],
    },
    { name: 'a key like nothing we know', yaml: 'colour: red\n', said: ['a.yaml:1: colour: unknown key'] },
    { name: 'a key that could pollute', yaml: '__proto__:\n  bar: 1\n', said: ['a.yaml:1: __proto__: unknown key'] },
    {
      name: 'three wrong things',
      yaml: 'timeZone: Mars/Olympus\nstore: ""\n\ndetection:\n  bar: high\n',
      said: [
        'a.yaml:1: timeZone: not an IANA time zone, such as Europe/Berlin',
        'a.yaml:2: store: too small: expected string to have >=1 characters',
        'a.yaml:5: detection.bar: invalid input: expected number, received string',
      ],
    },
    {
      name: 'an offset for a zone',
      yaml: 'timeZone: "+01:00"\n',
      said: ['a.yaml:1: timeZone: not an IANA time zone, such as Europe/Berlin'],
    },
    {
      name: 'bars in the wrong order',
      yaml: 'detection:\n  bar: 8\n  extremeBar: 7\n',
      said: ['a.yaml:3: detection.extremeBar: must not be below detection.bar'],
    },
    {
      name: 'an unknown signal',
      yaml: 'detection:\n  disabledSignals:\n    - cost\n    - costs\n',
      said: [
        expect.stringMatching(
          /^a\.yaml:4: detection\.disabledSignals\.1: invalid option: expected one of "invocations"/,
        ),
      ],
    },
    {
      name: 'a wrong key in a list',
      yaml: 'prices:\n  functions:\n    - match: a*\n      architectur: arm64\n      architecture: arm64\n',
      said: ['a.yaml:4: prices.functions.0.architectur: unknown key, did you mean architecture?'],
    },
    {
      name: 'days that are not in the calendar',
      yaml: 'holidays: [2026-12-25, 2026-02-30, 25.12.2026]\n',
      said: [
        'a.yaml:1: holidays.1: not a date, such as 2026-12-25',
        'a.yaml:1: holidays.2: not a date, such as 2026-12-25',
      ],
    },
    {
      name: 'a planned event that is over before it begins',
      yaml: 'planned:\n  - from: 2026-11-27T00:00+01:00\n    to: 2026-11-26T22:00Z\n    note: sale\n',
      said: ['a.yaml:3: planned.0.to: must be after from'],
    },
    {
      name: 'a planned event without a zone, a note and a known key',
      yaml: 'planned:\n  - from: 2026-11-27T00:00\n    to: 2026-11-28T00:00Z\n    funtions: pay-*\n',
      said: [
        'a.yaml:2: planned.0.from: not a time with its zone, such as 2026-11-27T00:00+01:00 or 2026-11-26T23:00Z',
        'a.yaml:2: planned.0.note: is missing (string)',
        'a.yaml:4: planned.0.funtions: unknown key, did you mean functions?',
      ],
    },
    { name: 'one key twice', yaml: 'store: a\nstore: b\n', said: ['a.yaml:2: map keys must be unique'] },
    { name: 'broken YAML', yaml: 'store: [a\n', said: [expect.stringMatching(/^a\.yaml:\d: flow sequence/)] },
    {
      name: 'a variable that is not set',
      yaml: 'store: x\ntimeZone: $'.concat('{ZONE}\n'),
      said: ['a.yaml:2: environment variable ZONE is not set'],
    },
  ])('$name', ({ yaml, said }) => {
    expect(problemsOf(yaml)).toEqual(said);
  });
});

test('holidays and planned events are read, times as instants', () => {
  const yaml =
    'holidays: [2026-12-25]\nplanned:\n  - { from: 2026-11-27T00:00+01:00, to: 2026-11-28T00:00Z, functions: "pay-*", expect: surge, note: sale }\n';
  const { settings } = parseConfig(yaml, 'a.yaml');
  expect(settings.holidays).toEqual(['2026-12-25']);
  expect(settings.planned).toEqual([
    { fromMs: Date.UTC(2026, 10, 26, 23), toMs: Date.UTC(2026, 10, 28), functions: 'pay-*', expect: 'surge', note: 'sale' },
  ]); // biome-ignore format: as a line of the file
});

test('without a file the defaults hold', () => {
  const config = loadConfig(undefined, {});
  expect(config.settings).toEqual(DEFAULT_SETTINGS);
  expect(config).toMatchObject({
    store: './.tripline',
    invocations: 'notable',
    prices: { architecture: 'x86_64', region: 'us-east-1' },
  });
});

test('a value may come from the environment', () => {
  expect(parseConfig('store: $'.concat('{HOME}/logs\n'), 'a.yaml', { HOME: '/home/ann' }).store).toBe('/home/ann/logs');
});

test('the hash changes with what detection depends on, and with nothing else', () => {
  const hash = (yaml: string) => parseConfig(yaml, 'a.yaml').configHash;
  expect(hash('detection: { bar: 6, extremeBar: 9 }')).toBe(hash('detection: { extremeBar: 9, bar: 6 }'));
  expect(hash('store: elsewhere\ninvocations: all')).toBe(hash(''));
  expect(hash('detection: { bar: 7 }')).not.toBe(hash(''));
  expect(hash('timeZone: Asia/Tokyo')).not.toBe(hash(''));
  expect(hash('holidays: [2026-12-25]')).not.toBe(hash(''));
  expect(hash('planned: [{ from: 2026-11-27T00:00Z, to: 2026-11-28T00:00Z, note: sale }]')).not.toBe(hash(''));
  expect(hash('prices: { architecture: arm64 }')).not.toBe(hash(''));
});

test('a file that is not there is a config error', () => {
  expect(() => loadConfig('/nowhere/a.yaml', {})).toThrow(new ConfigError(['/nowhere/a.yaml: no such file']));
});

test('a file is read with its own name in the messages', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'mine.yaml');
  writeFileSync(file, 'stroe: x\n');
  expect(() => loadConfig(file, {})).toThrow(`${file}:1: stroe: unknown key, did you mean store?`);
});

describe('page budgets', () => {
  const paging = (yaml: string) => parseConfig(yaml, 'c.yaml').paging;

  test('are five a week unless told otherwise, and no part of what a run is', () => {
    expect(paging('')).toEqual({ pagesPerWeek: 5, owners: [] });
    const { configHash } = parseConfig('pages_per_week: 2', 'c.yaml');
    expect(configHash).toBe(parseConfig('', 'defaults').configHash);
  });

  test('may be an owner’s: one pattern or several, the first owner that matches counts', () => {
    const { pagesPerWeek, owners, ownerOf } = pagingOf(
      paging(`pages_per_week: 1
owners:
  - { name: payments, match: "pay-*", pages_per_week: 3 }
  - { name: shop, match: [cart, "{pay,order}-*"], pages_per_week: 0 }`),
    );
    expect({ pagesPerWeek, owners }).toEqual({
      pagesPerWeek: 1,
      owners: [
        { name: 'payments', pagesPerWeek: 3 },
        { name: 'shop', pagesPerWeek: 0 },
      ],
    });
    const whose = (name: string) => ownerOf({ function: { name } } as never);
    expect(['pay-1', 'order-1', 'cart', 'mail'].map(whose)).toEqual(['payments', 'shop', 'shop', null]);
  });

  test.each([
    ['pages_per_week: -1', /c.yaml:1: pages_per_week: .*>=0/],
    ['pages_per_week: 2.5', /c.yaml:1: pages_per_week: .*int/],
    ['pages_per_week: many', /c.yaml:1: pages_per_week: .*number/],
    ['pages_per_weak: 5', /c.yaml:1: pages_per_weak: unknown key, did you mean pages_per_week\?/],
    ['owners:\n  - { name: a, match: x }', /c.yaml:2: owners.0.pages_per_week: /],
    ['owners:\n  - { name: a, match: [], pages_per_week: 1 }', /c.yaml:2: owners.0.match: /],
    [
      'owners:\n  - { name: a, match: x, pages_per_week: 1 }\n  - { name: a, match: y, pages_per_week: 1 }',
      /c.yaml:3: owners.1.name: a is an owner already/,
    ],
  ])('%s is refused', (yaml, problem) => {
    expect(() => paging(yaml)).toThrow(problem);
  });
});
