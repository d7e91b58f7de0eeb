import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import fc from 'fast-check';
import { StorageError } from '../../infra/storage-error.ts';
import { OtlpError } from '../../ingest/envelopes/otlp.ts';
import { readOtlpProtobuf } from '../../ingest/envelopes/otlp-protobuf.ts';
import { id, report } from '../../test/reports.ts';
import { listeners, send } from './listen.fixture.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const { started, stopAll } = listeners(`otlp: {token: "${TOKEN}"}`);
afterEach(stopAll);

const AT_MS = 1795255200000;
const RESOURCE = {
  'cloud.provider': 'aws',
  'cloud.region': 'eu-west-1',
  'cloud.account.id': '123456789012',
  'faas.name': 'pay',
  'faas.version': '7',
};
/** What the SDK takes for a resource. */
const resource = {
  attributes: RESOURCE,
  getRawAttributes: () => Object.entries(RESOURCE),
  merge: () => resource,
} as unknown as NonNullable<NonNullable<ConstructorParameters<typeof LoggerProvider>[0]>['resource']>;
const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const attributes = (of: Record<string, string>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
const requestOf = (records: readonly object[], resource: Record<string, string> = RESOURCE) => ({
  resourceLogs: [{ resource: { attributes: attributes(resource) }, scopeLogs: [{ logRecords: records }] }],
});
const record = (body: object, more: object = {}) => ({ timeUnixNano: `${AT_MS}000000`, body, ...more });
const post = (url: string, request: unknown, headers: Record<string, string> = {}) =>
  send(`${url}/v1/logs`, { headers: { ...HEADERS, ...headers }, body: Buffer.from(JSON.stringify(request)) });

describe.each([
  ['JSON', JsonExporter],
  ['protobuf', ProtobufExporter],
] as const)('the official exporter, %s', (_name, Exporter) => {
  test.each(['none', 'gzip'] as const)(
    'brings lines of the platform and of functions, compression %s',
    async (compression) => {
      const one = await started();
      const exporter = new Exporter({
        url: `${one.url}/v1/logs`,
        headers: { Authorization: `Bearer ${TOKEN}` },
        compression: compression as never,
      });
      const provider = new LoggerProvider({
        resource,
        processors: [new SimpleLogRecordProcessor({ exporter })],
      });
      const logger = provider.getLogger('test');
      logger.emit({ timestamp: AT_MS, body: report(3) });
      logger.emit({
        timestamp: AT_MS + 1,
        body: {
          time: '2026-11-21T10:00:00.001Z',
          type: 'platform.report',
          record: { requestId: id(4), status: 'success', metrics: { durationMs: 4.5, memorySizeMB: 128 } },
        },
      });
      logger.emit({
        timestamp: AT_MS + 2,
        severityNumber: SeverityNumber.ERROR,
        body: 'card declined',
        attributes: { 'faas.invocation_id': id(5), 'exception.type': 'CardError' },
      });
      await provider.forceFlush();
      await provider.shutdown();
      const fn = 'aws/123456789012/eu-west-1/pay';
      // each record is a request of its own, and requests may overtake each other
      const fragments = one.fragments().sort((a, b) => Number(a['time']) - Number(b['time']));
      expect(fragments).toEqual([
        expect.objectContaining({ kind: 'report', fn, version: '7', time: AT_MS, id: id(3), durationUs: 3500 }),
        expect.objectContaining({ kind: 'report', fn, version: '7', time: AT_MS + 1, id: id(4), durationUs: 4500 }),
        expect.objectContaining({ kind: 'errorLog', fn, version: '7', time: AT_MS + 2, id: id(5), text: 'CardError' }),
      ]);
      expect(one.rejects()).toEqual([]);
    },
  );
});

describe('OTLP/HTTP', () => {
  test('what is whole is answered with an empty response in the encoding of the request', async () => {
    const one = await started();
    const json = await post(one.url, requestOf([record({ stringValue: report(1) })]));
    expect([json.status, json.headers['content-type'], json.body.toString()]).toEqual([200, 'application/json', '{}']);
    const binary = await send(`${one.url}/v1/logs`, {
      headers: { ...HEADERS, 'content-type': 'application/x-protobuf' },
      body: Buffer.alloc(0),
    });
    expect([binary.status, binary.headers['content-type'], binary.body.length]).toEqual([
      200,
      'application/x-protobuf',
      0,
    ]);
  });

  test('records that belong to no function, or cannot be read, are counted in a partial success and kept', async () => {
    const one = await started();
    const noTime = { body: { stringValue: report(1) } };
    const request = requestOf([record({ stringValue: report(2) }), noTime]);
    request.resourceLogs.push(
      ...requestOf([record({ stringValue: 'x' }), record({ stringValue: 'y' })], { 'service.name': 'web' })
        .resourceLogs,
    );
    const got = await post(one.url, request);
    expect(got.status).toBe(200);
    const { partialSuccess } = JSON.parse(got.body.toString()) as {
      partialSuccess: { rejectedLogRecords: string; errorMessage: string };
    };
    expect(partialSuccess.rejectedLogRecords).toBe('3');
    expect(partialSuccess.errorMessage).toContain('faas.name');
    expect(one.rejects().map(({ reason }) => reason)).toEqual([
      'log event without a sound timestamp',
      'log record of no function',
    ]);
    expect(one.fragments()).toHaveLength(1);
  });

  test.each([
    ['no token', { authorization: '' }, 401, 16],
    ['another token', { authorization: 'Bearer other' }, 401, 16],
    ['another scheme', { authorization: `Basic ${TOKEN}` }, 401, 16],
    ['another encoding', { 'content-encoding': 'br' }, 415, 3],
  ])('%s is refused with a status that says so', async (_what, headers, status, code) => {
    const one = await started();
    const got = await post(one.url, requestOf([]), headers);
    expect([got.status, (JSON.parse(got.body.toString()) as { code: number }).code]).toEqual([status, code]);
    expect(got.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  });

  test.each([
    ['no JSON', 'application/json', Buffer.from('{'), 'malformed JSON'],
    ['no object', 'application/json', Buffer.from('[]'), 'not a JSON object'],
    ['lists that are none', 'application/json', Buffer.from('{"resourceLogs":{}}'), 'resourceLogs is not a list'],
    ['no protobuf', 'application/x-protobuf', Buffer.from('{"resourceLogs":[]}'), 'protobuf'],
    [
      'a length that is a lie',
      'application/x-protobuf',
      Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
      'truncated protobuf',
    ],
  ])('%s: 400', async (_what, type, body, why) => {
    const one = await started();
    const got = await send(`${one.url}/v1/logs`, { headers: { ...HEADERS, 'content-type': type }, body });
    expect([got.status, got.headers['content-type']]).toEqual([400, type]);
    expect(got.body.toString()).toContain(why);
  });

  test('another type: 415; too large: 413; a bus that takes nothing: 503 with a time to come again', async () => {
    const one = await started(`maxBodyMb: 1, otlp: {token: "${TOKEN}"}`);
    expect((await post(one.url, {}, { 'content-type': 'text/plain' })).status).toBe(415);
    const large = gzipSync(JSON.stringify({ x: 'x'.repeat(2 << 20) }));
    const headers = { ...HEADERS, 'content-encoding': 'gzip' };
    expect((await send(`${one.url}/v1/logs`, { headers, body: large })).status).toBe(413);
    one.fragmentBus.failure = new StorageError('DISK_FULL', 'cannot write: the disk is full');
    const got = await post(one.url, requestOf([record({ stringValue: report(1) })]));
    expect([got.status, got.headers['retry-after']]).toEqual([503, '1']);
  });

  test('reads any bytes, or says that they cannot be read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readOtlpProtobuf(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OtlpError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what a record says', () => {
  const told = async (records: readonly object[], resource: Record<string, string> = RESOURCE) => {
    const one = await started();
    expect((await post(one.url, requestOf(records, resource))).status).toBe(200);
    return one.fragments();
  };

  test('of an invocation in attributes: seconds, bytes, its error', async () => {
    const more = {
      attributes: [
        ...attributes({ 'faas.invocation_id': id(1), 'error.type': 'timeout' }),
        { key: 'faas.invoke_duration', value: { doubleValue: 1.5 } },
        { key: 'faas.init_duration', value: { doubleValue: 0.25 } },
        { key: 'faas.max_memory', value: { intValue: String(128 << 20) } },
      ],
    };
    expect(await told([record({ stringValue: 'done' }, more)])).toEqual([
      expect.objectContaining({
        kind: 'report',
        id: id(1),
        durationUs: 1_500_000,
        initUs: 250_000,
        memoryMib: 128,
        flags: expect.stringContaining('timeout'),
      }),
    ]);
  });

  test('where a function wrote it, is never a line of the platform', async () => {
    const fragments = await told([
      record({ stringValue: report(1) }, { attributes: attributes({ type: 'function' }) }),
    ]);
    expect(fragments.filter(({ kind }) => kind === 'report')).toEqual([]);
  });

  test.each([
    ['its log group', { 'aws.log.group.names': '/aws/lambda/pay' }, 'aws/-/-/pay'],
    [
      'its ARN',
      { 'cloud.resource_id': 'arn:aws:lambda:us-east-1:123456789012:function:pay' },
      'aws/123456789012/us-east-1/pay',
    ],
    [
      'a name in another cloud',
      { 'faas.name': 'pay', 'cloud.provider': 'gcp', 'cloud.account.id': 'shop' },
      'gcp/shop/-/pay',
    ],
    ['its name beside its log group', { 'faas.name': 'pay', 'aws.log.group.names': '/aws/lambda/pay' }, 'aws/-/-/pay'],
  ])('belongs to the function that %s names', async (_what, named, fn) => {
    const fragments = await told([record({ stringValue: report(1) })], named);
    expect(fragments).toEqual([expect.objectContaining({ fn })]);
    expect(fragments[0]).not.toHaveProperty('logGroup');
  });

  test('says where it logs, if its resource does and the name of the function does not', async () => {
    const named = { 'faas.name': 'pay', 'aws.log.group.names': '/teams/shop' };
    expect(await told([record({ stringValue: report(1) })], named)).toEqual([
      expect.objectContaining({ fn: 'aws/-/-/pay', logGroup: '/teams/shop' }),
    ]);
  });
});
