import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAll, type Readable } from '../../test/readable.ts';
import { sample } from '../../test/samples.ts';

const AZURE = 'azure/00000000-0000-0000-0000-000000000001';
const RUN = { fn: 'gcp/my-proj/europe-west1/resize', version: 'resize-00007-sun', stream: '00f46b0000000000' };
const GEN1 = { fn: 'gcp/my-proj/europe-west1/resize' };
const WORKER = { fn: 'cloudflare/-/-/edge-api', id: '88a0a0a0a0a0a0a0' };
const VERCEL = { fn: 'vercel/-/iad1/gdufoJxB6b9b1fEqr1jUtFkyavUU/api/index.js' };
const WHISK = { fn: 'openwhisk/guest/-/hello', version: '0.0.1', memoryMib: 256 };
const OK = 'statusKnown coldUnknown';
const FAILED = 'failed statusKnown coldUnknown';
const TIMEOUT = 'failed timeout statusKnown coldUnknown';

/** The reports and starts that each sample holds; then the HTTP statuses, the bytes and the cpu µs, in their order. */
const SAMPLES: Record<string, { reports: Readable[]; statuses?: number[]; bytes?: number[]; cpu?: number[] }> = {
  'azure/otel-contrib/app-requests.json': {
    reports: [
      {
        fn: 'azure/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e/-/func1/Method1',
        time: 1681808580015,
        a: 1681808580000,
        durationUs: 15_065,
        flags: OK,
        version: '1.0.0',
        stream: '1e09daf0e46df8e4a91c6d1f2c5122246ba8f742455aaf150059835395822db6',
        id: 'a33eab53-da0f-4af6-a7f1-c2a3b5e919cd',
      },
    ],
  },
  'synthetic/azure/app_requests_eventhub.json': {
    reports: [
      { fn: `${AZURE}/-/func1/HttpIn`, time: 1795255200015, a: 1795255200000, durationUs: 15_065, flags: OK },
      {
        fn: `${AZURE}/-/func1/HttpIn`,
        time: 1795255201231,
        a: 1795255201000,
        durationUs: 231_900,
        flags: FAILED,
        text: 'HTTP 500',
        weight: 5,
      },
      { fn: `${AZURE}/-/func1/QueueWorker`, time: 1795255202088, a: 1795255202000, durationUs: 88_250, flags: OK },
    ].map((it) => ({ ...it, stream: 'i1', id: 'a33eab53-da0f-4af6-a7f1-c2a3b5e919cd' })),
    statuses: [200, 500],
  },
  'synthetic/azure/function_app_logs_eventhub.json': {
    reports: [
      {
        durationUs: 25_000,
        a: 1795255199975,
        flags: FAILED,
        text: 'System.Exception',
        stream: 'i1',
        id: '9f8e7d6c-5b4a-3c2d-1e0f-abcdef123456',
      },
      { kind: 'start', id: 'abcdef12-3456-4890-abcd-ef1234567890' },
      {
        durationUs: 42_000,
        a: 1795255199958,
        flags: OK,
        stream: 'b0bf8130-588d-4e4e-866c-72e7c2dfee0d',
        id: 'abcdef12-3456-4890-abcd-ef1234567890',
      },
    ].map((it) => ({ ...it, fn: `${AZURE}/westeurope/func1/processData`, time: 1795255200000 })),
  },
  'gcp/otel-contrib/cloud_run_request.json': {
    reports: [
      {
        fn: 'gcp/gcp-project/europe-west1/otelcol',
        time: 1714905139441,
        a: 1714905139440,
        durationUs: 1901,
        flags: FAILED,
        text: 'HTTP 503',
        version: 'example-00007-sun',
        stream: '00f46b0000000000',
        id: '3e3a5741b18f0710',
      },
    ],
    statuses: [503],
    bytes: [963],
  },
  'synthetic/gcp/cloud_run_requests.ndjson': {
    reports: [
      { time: 1795255200563, durationUs: 123_000, flags: OK },
      { time: 1795255260809, durationUs: 60_369_159, flags: TIMEOUT, text: 'HTTP 504' },
      { time: 1795255200441, durationUs: 1901, flags: FAILED, text: 'HTTP 503' },
    ].map((it) => ({ ...it, ...RUN, a: 1795255200440, id: '3e3a5741b18f0710' })),
    statuses: [200, 504, 503],
    bytes: [963, 72, 963],
  },
  'synthetic/gcp/pubsub_push.json': {
    reports: [
      { ...RUN, time: 1795255200563, a: 1795255200440, durationUs: 123_000, flags: OK, id: '3e3a5741b18f0710' },
    ],
    statuses: [200],
    bytes: [963],
  },
  'synthetic/gcp/gen1_entries.ndjson': {
    reports: [
      { kind: 'start', id: 'zh2htc8ax7y6', time: 1795255200000 },
      { id: 'zh2htc8ax7y6', time: 1795255200123, a: 1795255200000, durationUs: 123_000, flags: OK },
      {
        id: 'a1b2c3d4e5f6',
        time: 1795255200500,
        a: 1795255200040,
        durationUs: 460_000,
        flags: FAILED,
        text: 'HTTP 500',
      },
      {
        id: 'b1b2c3d4e5f6',
        time: 1795255260500,
        a: 1795255200497,
        durationUs: 60_003_000,
        flags: TIMEOUT,
        text: 'timeout',
      },
      { id: 'c1b2c3d4e5f6', time: 1795255261500, a: 1795255261412, durationUs: 88_000, flags: OK },
      {
        id: 'd1b2c3d4e5f6',
        time: 1795255262500,
        a: 1795255261297,
        durationUs: 1_203_000,
        flags: FAILED,
        text: 'crash',
      },
    ].map((it) => ({ ...it, ...GEN1 })),
    statuses: [200, 500],
  },
  'synthetic/cloudflare/workers_trace_events.ndjson': {
    reports: [
      { ...WORKER, time: 1795255200160, durationUs: 37_000, flags: OK },
      { ...WORKER, time: 1795255200184, durationUs: 61_000, flags: FAILED, text: 'exceededCpu' },
      { ...WORKER, time: 1795255200160, durationUs: 37_000, flags: FAILED, text: 'TypeError' },
      { fn: WORKER.fn, time: 1795255200160, durationUs: 37_000, flags: OK }, // by schedule: no request, no id
    ].map((it) => ({ ...it, a: 1795255200123 })),
    statuses: [200, 200, 200],
    cpu: [4000, 50_000, 4000, 4000],
  },
  'synthetic/vercel/log_drain.json': {
    reports: [
      { time: 1795255200120, flags: OK },
      { time: 1795255200120, flags: FAILED, text: 'HTTP 500' },
    ]
      .map(
        (it): Readable => ({
          ...it,
          ...VERCEL,
          a: 1795255200120,
          version: 'dpl_233NRGRjVZX1caZrXWtz5g1TAksD',
          id: '643af4e3-975a-4cc7-9e7a-1eda11539d90',
        }),
      )
      .concat({
        ...VERCEL,
        time: 1795255200123,
        a: 1795255200123,
        version: '$LATEST',
        id: '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01',
        durationUs: 14_970,
        billedUs: 15_000,
        memoryMib: 1024,
        usedMib: 67,
        flags: 'fusedStart',
      }),
    statuses: [200, 500],
    bytes: [1024, 1024],
  },
  'synthetic/openwhisk/activations.ndjson': {
    reports: [
      {
        id: '44794bd6aab74415b4e42a308d880e5b',
        time: 1795255200250,
        durationUs: 127_000,
        initUs: 44_000,
        flags: 'cold statusKnown',
      },
      {
        id: '54794bd6aab74415b4e42a308d880e5b',
        time: 1795255200250,
        durationUs: 127_000,
        flags: 'failed statusKnown',
        text: 'application error',
      },
      {
        id: '64794bd6aab74415b4e42a308d880e5b',
        time: 1795255260123,
        durationUs: 60_000_000,
        initUs: 44_000,
        flags: 'failed timeout cold statusKnown',
        text: 'action developer error',
      },
    ].map((it) => ({ ...it, ...WHISK, a: 1795255200123 })),
  },
};

describe('samples of other clouds', () => {
  test.each(Object.entries(SAMPLES))('%s', (file, { reports, statuses = [], bytes = [], cpu = [] }) => {
    const { fragments, rejects } = parseAll(sample(file));
    const of = (kind: string, column: string) =>
      fragments.filter((it) => it['kind'] === kind && it[column] !== undefined).map((it) => it[column]);
    expect(rejects).toEqual([]);
    expect(fragments.filter(({ kind }) => kind === 'report' || kind === 'start')).toEqual(
      reports.map((it) => ({ kind: 'report', ...it })),
    );
    expect(of('access', 'a')).toEqual(statuses);
    expect(of('insights', 'a')).toEqual(bytes);
    expect(of('insights', 'c')).toEqual(cpu);
  });

  test('are all of them', () => {
    const folders = ['azure', 'gcp', 'synthetic/azure', 'synthetic/gcp', 'synthetic/cloudflare', 'synthetic/vercel'];
    const files = [...folders, 'synthetic/openwhisk'].flatMap((folder) =>
      readdirSync(new URL(`../../test/samples/${folder}`, import.meta.url), { recursive: true, withFileTypes: true })
        .filter((it) => it.isFile())
        .map((it) => `${it.parentPath.slice(it.parentPath.lastIndexOf(folder))}/${it.name}`),
    );
    expect(new Set(files)).toEqual(new Set(Object.keys(SAMPLES)));
  });

  test('any cut of the input gives the same', () => {
    const all = Buffer.concat(Object.keys(SAMPLES).flatMap((file) => [sample(file), Buffer.from('\n')]));
    const whole = parseAll(all);
    expect(whole.fragments.length).toBeGreaterThan(50);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 200 }), (cuts) => {
        const { fragments, rejects } = parseAll(all, {}, cuts);
        expect(fragments).toEqual(whole.fragments);
        expect(rejects).toEqual(whole.rejects);
      }),
      { numRuns: 15 },
    );
  });

  test('a value that is damaged never throws, and never counts for two', () => {
    const values = Object.keys(SAMPLES).map((file) => sample(file).toString());
    fc.assert(
      fc.property(fc.constantFrom(...values), fc.nat(), fc.string({ maxLength: 4 }), (text, at, put) => {
        const place = at % text.length;
        const { fragments } = parseAll(text.slice(0, place) + put + text.slice(place + put.length));
        const reports = fragments.filter(({ kind }) => kind === 'report');
        expect(reports.length).toBeLessThanOrEqual(6);
      }),
      { numRuns: 300 },
    );
  });
});

test('the request id of a record of 32 hexadecimal digits is told as its log wrote it', () => {
  const line = (n: number) =>
    JSON.stringify({
      activationId: n.toString(16).padStart(32, '0'),
      namespace: 'a',
      name: 'b',
      start: 1795255200000 + n,
      duration: 1,
    });
  const lines = Array.from({ length: 500 }, (_, n) => line(n + 1));
  const { fragments } = parseAll(lines.join('\n'));
  expect(fragments.map(({ id }) => id)).toEqual(lines.map((_, n) => (n + 1).toString(16).padStart(32, '0')));
});
