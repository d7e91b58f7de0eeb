import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../app/config.ts';
import { parseAll } from '../../test/readable.ts';

const fieldsOf = (yaml: string) => parseConfig(`fields:\n${yaml}`, 'c.yaml').fields;

const KNATIVE = fieldsOf(`
  - when: { kind: invocation, service.name: '*' }
    provider: knative
    function: service.name
    account: /team/id
    region: { value: fra }
    time: ts
    timeUnit: s
    timeIs: start
    duration: latency
    durationUnit: s
    error: { path: status, values: [failed, error] }
    timeout: { path: status, values: timeout }
    errorType: err.type
    httpStatus: code
    requestId: id
    memoryMb: mem
    costUsd: cost
    bytesOut: bytes
    coldStart: cold
    weight: sample
    message: msg
`);
const whole = {
  kind: 'invocation',
  service: { name: 'pay' },
  team: { id: 'a/b' },
  ts: 1795255200.5,
  latency: 0.25,
  status: 'failed',
  err: { type: 'E1' },
  code: 403,
  id: 'r-1',
  mem: 128,
  cost: 0.000001,
  bytes: 100,
  cold: true,
  sample: 3,
};

describe('JSON that the configuration explains', () => {
  test('all of a record', () => {
    const { fragments, rejects } = parseAll(JSON.stringify(whole), { fields: KNATIVE });
    const common = { fn: 'knative/a_b/fra/pay', time: 1795255200750, id: 'r-1', weight: 3 };
    expect(rejects).toEqual([]);
    expect(fragments).toEqual([
      {
        ...common,
        kind: 'report',
        flags: 'failed cold statusKnown priced',
        a: 1795255200500,
        c: 1_000_000,
        durationUs: 250_000,
        memoryMib: 128,
        text: 'E1',
      },
      { ...common, kind: 'access', a: 403 },
      { ...common, kind: 'insights', a: 100, text: 'response' },
    ]);
  });

  test.each([
    { name: 'a key with dots in it', more: { service: undefined, 'service.name': 'b' }, told: { fn: /\/b$/ } },
    { name: 'a number in a text', more: { latency: '1.5' }, told: { durationUs: 1_500_000 } },
    { name: 'a timeout', more: { status: 'timeout' }, told: { flags: /failed timeout/ } },
    {
      name: 'a success, because failures are told',
      more: { status: 'fine' },
      told: { flags: /^cold statusKnown priced/ },
    },
    { name: 'a warm start', more: { cold: 'false' }, told: { flags: /^failed statusKnown priced$/ } },
    { name: 'nothing of cold starts', more: { cold: null }, told: { flags: /coldUnknown/ } },
  ])('$name', ({ more, told }) => {
    const { fragments } = parseAll(JSON.stringify({ ...whole, ...more }), { fields: KNATIVE });
    for (const [key, value] of Object.entries(told)) {
      if (value instanceof RegExp) expect(fragments[0]?.[key]).toMatch(value);
      else expect(fragments[0]?.[key]).toBe(value);
    }
  });

  test('a record that misses a field is a reject with its place', () => {
    const lines = [whole, { ...whole, ts: 'x' }, { ...whole, latency: -1 }, { ...whole, service: { name: '' } }];
    const { fragments, rejects } = parseAll(lines.map((it) => JSON.stringify(it)).join('\n'), { fields: KNATIVE });
    expect(fragments.filter(({ kind }) => kind === 'report')).toHaveLength(1);
    expect(rejects).toMatchObject([
      { line: 2, reason: 'no sound time at ts' },
      { line: 3, reason: 'no sound duration at latency' },
      { line: 4, reason: 'no function at service.name' },
    ]);
  });

  test('records without an id are two if they differ, one if they are the same', () => {
    const yaml = '  - { when: { k: 1 }, provider: x, function: f, time: t, timeUnit: ms, message: m }';
    const line = (m: string) => JSON.stringify({ k: 1, f: 'f', t: 1795255200000, m });
    const { fragments } = parseAll([line('a'), line('b')].join('\n'), { fields: fieldsOf(yaml) });
    expect(fragments).toHaveLength(2);
    expect(fragments.map((it) => it['id'])).toEqual([undefined, undefined]);
  });

  test('the first mapping that fits counts, before formats known here', () => {
    const fields = fieldsOf(`
  - { when: { /resource/type: cloud_function }, provider: mine, function: { value: one }, time: timestamp }
  - { when: { insertId: '*' }, provider: other, function: { value: two }, time: timestamp }
`);
    const entry = { insertId: 'i', timestamp: '2026-11-21T10:00:00Z', resource: { type: 'cloud_function' } };
    const { fragments } = parseAll(JSON.stringify(entry), { fields });
    expect(fragments).toMatchObject([{ fn: 'mine/-/-/one', time: 1795255200000 }]);
  });

  test.each([
    { unit: 's', value: 1795255200.25 },
    { unit: 'ms', value: 1795255200250 },
    { unit: 'us', value: '1795255200250999' },
    { unit: 'ns', value: '1795255200250999999' },
    { unit: 'iso', value: '2026-11-21T11:00:00.250999+01:00' },
  ])('time in $unit', ({ unit, value }) => {
    const fields = fieldsOf(`  - { when: { k: 1 }, provider: x, function: { value: f }, time: t, timeUnit: ${unit} }`);
    const { fragments } = parseAll(JSON.stringify({ k: 1, t: value }), { fields });
    expect(fragments).toMatchObject([{ time: 1795255200250 }]);
  });

  test('no record makes the parser throw, and one record is at most one report', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(whole), '__proto__'), fc.jsonValue()), (more) => {
        const { fragments, rejects } = parseAll(JSON.stringify({ ...whole, ...more }), { fields: KNATIVE });
        const reports = fragments.filter(({ kind }) => kind === 'report').length;
        expect(reports + rejects.length).toBeLessThanOrEqual(2);
        expect(reports).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test.each([
  { yaml: '  - { when: {}, provider: x, function: f, time: t }', rule: /when: needs at least one path/ },
  { yaml: '  - { when: { a: 1 }, provider: X/y, function: f, time: t }', rule: /provider: lower-case letters/ },
  { yaml: '  - { when: { a: 1 }, provider: x, function: a..b, time: t }', rule: /function: not a path/ },
  { yaml: '  - { when: { a: 1 }, provider: x, function: f }', rule: /time: not a path/ },
  {
    yaml: '  - { when: { a: 1 }, provider: x, function: f, time: t, duration: d }',
    rule: /duration: duration and durationUnit/,
  },
  {
    yaml: '  - { when: { a: 1 }, provider: x, function: f, time: t, duration: d, durationUnit: s, durationMs: e }',
    rule: /duration: durationMs is given, too/,
  },
  { yaml: '  - { when: { a: 1 }, provider: x, function: f, time: t, colour: c }', rule: /colour: unknown key/ },
])('a bad mapping is an error with its line: $yaml', ({ yaml, rule }) => {
  expect(() => fieldsOf(yaml)).toThrow(/^c\.yaml:2: fields\.0/m);
  expect(() => fieldsOf(yaml)).toThrow(rule);
});
