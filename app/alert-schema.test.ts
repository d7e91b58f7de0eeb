import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import type { AlertEvent } from '../alerts/event.ts';
import { sparklineOf } from '../alerts/message/sparkline.ts';
import { SIGNALS } from '../detectors/signals/signal.ts';
import { generateFleet } from '../scenarios/fleet.ts';
import { replayedEvents } from '../test/replayed.ts';

const schema = JSON.parse(readFileSync(new URL('../docs/alert-event.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
const problemsOf = (event: unknown) =>
  validate(event) ? [] : (validate.errors ?? []).map((it) => `${it.instancePath} ${it.message}`);

const event: AlertEvent = {
  schema: 1,
  event: 'opened',
  alert_id: 'a1',
  at: '2026-11-16T09:31:30.000Z',
  started_at: '2026-11-16T09:30:00.000Z',
  function: { provider: 'aws', account: null, region: null, name: 'pay', version: '7' },
  signal: 'cost',
  related_signals: ['invocations'],
  severity: 'error',
  observed: 1.5,
  expected: { low: 0, mid: 0.1, high: 0.4 },
  unit: 'USD',
  score: 9.1,
  window_ms: 60_000,
  baseline: { windows: 100, kind: 'own' },
  text: 'pay: costs more',
  why: ['10 times as many calls'],
  threats: ['T1 denial of wallet'],
  evidence: { request_ids: ['x'], config_hash: 'abc', model: { kind: 'gamma', shape: 2 }, more: [1] },
  impact: { usd_per_hour: 90 },
};

describe('the schema takes', () => {
  test.each<{ name: string; change: object }>([
    { name: 'the whole', change: {} },
    { name: 'no numbers', change: { observed: null, expected: null, signal: 'content' } },
    { name: 'a log group', change: { function: { ...event.function, log_group: '/teams/shop' } } },
    {
      name: 'an end and several functions',
      change: { event: 'resolved', ended_at: event.at, functions: [event.function] },
    },
  ])('$name', ({ change }) => {
    expect(problemsOf({ ...event, ...change })).toEqual([]);
  });
});

describe('the schema refuses', () => {
  test.each<{ name: string; change: object; problem: string }>([
    { name: 'a local time', change: { at: '2026-11-16T09:31:30+01:00' }, problem: '/at must match pattern' },
    {
      name: 'another signal',
      change: { signal: 'latency' },
      problem: '/signal must be equal to one of the allowed values',
    },
    { name: 'half a band', change: { expected: { low: 1 } }, problem: "/expected must have required property 'mid'" },
    {
      name: 'a log group without a name',
      change: { function: { ...event.function, log_group: '' } },
      problem: '/function/log_group must NOT have fewer than 1 characters',
    },
    { name: 'a key of its own', change: { colour: 'red' }, problem: ' must NOT have additional properties' },
    { name: 'a threat without a title', change: { threats: ['T1'] }, problem: '/threats/0 must match pattern' },
    {
      name: 'evidence without its hash',
      change: { evidence: { request_ids: [] } },
      problem: "/evidence must have required property 'config_hash'",
    },
  ])('$name', ({ change, problem }) => {
    expect(problemsOf({ ...event, ...change }).join('\n')).toContain(problem);
  });
});

test('the schema knows exactly the signals of the program', () => {
  expect(schema.definitions.signal.enum).toEqual(SIGNALS);
});

test('every alert event of a fleet fits, and says how its signal went where it has a number', async () => {
  const events = await replayedEvents(generateFleet(FLEET).lines());
  expect(events.length).toBeGreaterThan(5);
  expect(events.flatMap(problemsOf)).toEqual([]);
  const numbered = events.filter(
    (it) => it.event === 'opened' && it.observed !== null && it.evidence.model?.kind !== 'cusum',
  );
  expect(numbered.length).toBeGreaterThan(2);
  for (const it of numbered) {
    expect(sparklineOf(it)).not.toBeNull();
    expect(Date.parse(it.evidence.history!.end)).toBeLessThanOrEqual(Date.parse(it.at) + 60_000);
    expect(JSON.stringify(it.evidence.history).length).toBeLessThan(400);
  }
}, 60_000);

const FLEET = {
  seed: 1,
  functions: 6,
  days: 2,
  warmupDays: 1,
  invocations: 15_000,
  startMs: Date.UTC(2026, 10, 16),
  incidents: 4,
};
