import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { file, tripline } from '../../test/captured-run.ts';

const CONFIG = `
fields:
  - { when: { kind: call }, provider: knative, function: name, time: at, durationMs: ms, costUsd: usd }
`;

test('check --sample shows what records mean, and why others cannot be used', async () => {
  const lines = [
    '{"kind":"call","name":"pay","at":"2026-11-21T10:00:00Z","ms":12.5,"usd":0.25}',
    '{"kind":"call","name":"pay","at":"yesterday","ms":12.5}',
  ];
  const sample = file('sample.ndjson', `${lines.join('\n')}\n`);
  const { code, out } = await tripline(['check', file('c.yaml', CONFIG), '--sample', sample]);
  const [ok, event, totals, reject] = out.split('\n');
  expect({ code, ok, totals }).toEqual({ code: 0, ok: 'ok', totals: '2 records told 1 event, 1 could not be used' });
  expect(JSON.parse(event ?? '')).toEqual({
    time: '2026-11-21T10:00:00.000Z',
    kind: 'report',
    function: 'pay',
    provider: 'knative',
    duration_ms: 12.5,
    cost_usd: 0.25,
  });
  expect(reject).toContain('sample.ndjson:2: no sound time at at: {"kind":"call"');
});

test('a sample that tells nothing is an error, after why', async () => {
  const { code, out, err } = await tripline(['check', file('c.yaml', CONFIG), '--sample', file('s.json', '{"a":1}\n')]);
  expect(code).toBe(1);
  expect(out).toContain('1 record told 0 events, 1 could not be used');
  expect(err).toContain('nothing in it tells of an invocation');
});

test('what of a sample is before the damage is shown, then the damage', async () => {
  const sample = file(
    'cut.gz',
    gzipSync('{"kind":"call","name":"pay","at":"2026-11-21T10:00:00Z","ms":1}\n'.repeat(999)).subarray(0, -9),
  );
  const { code, out } = await tripline(['check', file('c.yaml', CONFIG), '--sample', sample]);
  expect(code).toBe(0);
  expect(out).toContain('"function":"pay"');
  expect(out).toMatch(/cut\.gz: truncated gzip: it ends in the middle\n$/);
});

test('a file that is no text is one problem, and YAML that is none a few, which quote nothing', async () => {
  const binary = file('c.yaml', Uint8Array.of(0x74, 0, 0xff, 0xfe, 0x0a));
  expect(await tripline(['check', binary])).toMatchObject({ code: 2, err: `${binary}: not a text file in UTF-8\n` });
  const { code, err } = await tripline(['check', file('d.yaml', `a: [1\n${'] "s3cret" }\n'.repeat(500)}`)]);
  expect(code).toBe(2);
  expect(err).not.toContain('s3cret');
  expect(err).toMatch(/\nand \d+ more\n$/);
  expect(err.split('\n').length).toBeLessThan(30);
});
