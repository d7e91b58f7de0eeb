import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { dataMessage, parseAll, type Readable } from '../../test/readable.ts';
import { id, report } from '../../test/reports.ts';

const reportsOf = (input: string, options = {}): Readable[] =>
  parseAll(input, options).fragments.filter(({ kind }) => kind === 'report');
const reasonsOf = (input: string): string[] => parseAll(input).rejects.map(({ reason }) => reason);

const request = {
  Type: 'AppRequests',
  TimeGenerated: '2026-11-21T10:00:00Z',
  AppRoleName: 'shop',
  OperationName: 'Pay',
  DurationMs: 10,
  Success: true,
  ResultCode: '200',
};

describe('Azure', () => {
  test.each([
    { name: 'a query of the command line: all texts', record: { ...request, DurationMs: '10', Success: 'True' } },
    { name: 'a time as some exports write it', record: { ...request, TimeGenerated: '11/21/2026 10:00:00 AM' } },
    {
      name: 'the names of before workspaces',
      record: {
        timestamp: '2026-11-21T10:00:00Z',
        id: 'x',
        operation_Name: 'Pay',
        cloud_RoleName: 'shop',
        duration: 10,
        success: 'True',
        resultCode: '200',
        itemType: 'request',
        customDimensions: '{"FullName":"Functions.Pay"}',
      },
    },
    {
      name: 'an item of the protocol',
      record: {
        name: 'Microsoft.ApplicationInsights.Request',
        time: '2026-11-21T10:00:00Z',
        tags: { 'ai.cloud.role': 'shop', 'ai.operation.name': 'Pay' },
        data: {
          baseType: 'RequestData',
          baseData: { id: 'x', duration: '00.00:00:00.0100000', success: true, responseCode: '200' },
        },
      },
    },
    {
      name: 'columns inside properties',
      record: { ...request, Type: 'AppRequests', DurationMs: undefined, properties: { DurationMs: 10 } },
    },
  ])('$name', ({ record }) => {
    expect(reportsOf(JSON.stringify(record))).toMatchObject([
      { fn: 'azure/-/-/shop/Pay', time: 1795255200010, durationUs: 10_000, flags: 'statusKnown coldUnknown' },
    ]);
  });

  test('tables of the query API', () => {
    const columns = Object.keys(request).map((name) => ({ name, type: 'string' }));
    const answer = { tables: [{ name: 'PrimaryResult', columns, rows: [Object.values(request)] }] };
    expect(reportsOf(JSON.stringify(answer))).toHaveLength(1);
  });

  test.each([
    { missing: 'DurationMs', reason: 'AppRequests record without DurationMs' },
    { missing: 'Success', reason: 'AppRequests record without Success' },
    { missing: 'OperationName', reason: 'AppRequests record without OperationName' },
    { missing: 'TimeGenerated', reason: 'AppRequests record without a sound time' },
  ])('without $missing it is a reject', ({ missing, reason }) => {
    expect(reasonsOf(JSON.stringify({ ...request, [missing]: undefined }))).toEqual([reason]);
  });

  test('an exception is an error line, one that nothing catches is a failure', () => {
    const exception = { ...request, Type: 'AppExceptions', Properties: { InvocationId: id(1) } };
    const type = 'System.InvalidOperationException';
    const timeout = 'Microsoft.Azure.WebJobs.Host.FunctionTimeoutException';
    const lines = [type, timeout].map((ExceptionType) => JSON.stringify({ ...exception, ExceptionType }));
    expect(parseAll(lines.join('\n')).fragments).toMatchObject([
      { kind: 'errorLog', id: id(1), text: type },
      { kind: 'failure', id: id(1), text: timeout, flags: 'failed timeout' },
      { kind: 'errorLog', id: id(1), text: timeout },
    ]);
  });

  test('a trace is a line of the function, what the host repeats is not', () => {
    const trace = { ...request, Type: 'AppTraces', SeverityLevel: 3, Message: 'KeyError: x' };
    const host = { ...trace, Properties: { Category: 'Host.Results' } };
    const { fragments, stats } = parseAll(`${JSON.stringify(trace)}\n${JSON.stringify(host)}`);
    expect(fragments).toMatchObject([{ kind: 'errorLog', text: 'KeyError', fn: 'azure/-/-/shop/Pay' }]);
    expect(stats.platformLines).toBe(1);
  });

  test('properties in single quotes, properties that are none', () => {
    const record = { category: 'FunctionAppLogs', time: '2026-11-21T10:00:00Z', location: 'West Europe' };
    const executed = `Executed \\'Functions.Pay\\' (Failed, Id=${id(2)}, Duration=7ms)`;
    const quoted = { ...record, properties: `{'appName':'shop','message':'${executed}','level':'Error',` };
    expect(reportsOf(JSON.stringify(quoted))).toMatchObject(
      [{ fn: 'azure/-/westeurope/shop/Pay', id: id(2), durationUs: 7000, flags: /failed/ as unknown as string }].map(
        ({ flags: _, ...rest }) => rest,
      ),
    );
    expect(reasonsOf(JSON.stringify({ ...record, properties: 'nothing' }))).toEqual([
      'FunctionAppLogs record whose properties cannot be read',
    ]);
  });

  test('records of other tables are counted and left; what is no record is a reject', () => {
    const { fragments, rejects, stats } = parseAll(
      JSON.stringify({ records: [{ category: 'AppMetrics', resourceId: '/SUBSCRIPTIONS/S/X' }, { a: 1 }, 7] }),
    );
    expect(fragments).toEqual([]);
    expect(stats.unknownPlatformLines).toBe(1);
    expect(rejects.map(({ reason }) => reason)).toEqual(['record of no known format', 'record is no object']);
  });
});

describe('Google', () => {
  const entry = {
    insertId: 'i',
    logName: 'projects/p/logs/x',
    timestamp: '2026-11-21T10:00:00Z',
    resource: { type: 'cloud_run_revision', labels: { service_name: 'pay', project_id: 'p', location: 'r' } },
  };

  test.each([
    { more: { httpRequest: { status: 200 } }, reason: 'Cloud Run request without a sound latency' },
    { more: { timestamp: 'x' }, reason: 'cloud_run_revision entry without a sound timestamp' },
    {
      more: { resource: { type: 'cloud_function', labels: {} } },
      reason: 'cloud_function entry without function_name',
    },
    {
      more: {
        resource: { type: 'cloud_function', labels: { function_name: 'f' } },
        textPayload: 'Function execution took forever',
      },
      reason: 'end of a function execution of unknown form',
    },
  ])('$reason', ({ more, reason }) => {
    expect(reasonsOf(JSON.stringify({ ...entry, ...more }))).toEqual([reason]);
  });

  test('lines of the function, as text and as JSON', () => {
    const lines = [
      { ...entry, severity: 'ERROR', textPayload: 'TypeError: x is undefined\n    at f (a.js:1:2)' },
      { ...entry, severity: 500, jsonPayload: { message: 'no', error: { name: 'RangeError' } } },
      { ...entry, severity: 'INFO', textPayload: 'TypeError: told, not raised' },
    ];
    const { fragments } = parseAll(lines.map((it) => JSON.stringify(it)).join('\n'));
    expect(fragments).toMatchObject([
      { kind: 'errorLog', fn: 'gcp/p/r/pay', text: 'TypeError' },
      { kind: 'errorLog', fn: 'gcp/p/r/pay', text: 'RangeError' },
    ]);
  });

  test('an array of entries, as the command line writes it', () => {
    const one = {
      ...entry,
      httpRequest: { latency: '0.5s', status: 200 },
      trace: 'projects/p/traces/0123456789abcdef0123456789abcdef',
    };
    expect(reportsOf(JSON.stringify([one, { ...one, spanId: '00f067aa0ba902b7' }], null, 2))).toMatchObject([
      { id: '0123456789abcdef0123456789abcdef', durationUs: 500_000 },
      { id: '00f067aa0ba902b7', durationUs: 500_000 },
    ]);
  });
});

describe('edges', () => {
  test('Lambda@Edge is one function wherever it ran', () => {
    const logGroup = '/aws/lambda/us-east-1.resize';
    const keys = ['eu-west-1', 'ap-southeast-2', undefined].flatMap((region) => [
      ...reportsOf(dataMessage([report(1)], { logGroup }), { region }),
      ...reportsOf(dataMessage([report(1)], { logGroup, '@aws.region': region }), {}),
    ]);
    expect(new Set(keys.map(({ fn }) => fn))).toEqual(new Set(['aws/123456789012/us-east-1/us-east-1.resize']));
  });

  test('a CloudFront function tells that it ran', () => {
    const event = 'PgsTzVHR3sgOKfCzxZPgzAqAMqaVBLEgMmqkVH0Ojd0FoXDTbhXv2A==';
    const { fragments, rejects, stats } = parseAll(
      dataMessage([`${event} START DistributionID: E3E5D42GADAXZZ`, `${event} bot blocked`, `${event} END`], {
        logGroup: '/aws/cloudfront/function/guard',
        logStream: '2026/1/2/6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b11',
      }),
    );
    expect(rejects).toEqual([]);
    expect(fragments).toMatchObject([
      { kind: 'report', fn: 'aws/123456789012/us-east-1/cloudfront/guard', id: event, flags: 'coldUnknown' },
    ]);
    expect(stats).toMatchObject({ platformLines: 1, applicationLines: 1 });
  });

  test.each([
    { ScriptName: undefined, reason: 'Workers trace event without ScriptName' },
    { Outcome: undefined, reason: 'Workers trace event without Outcome' },
    { EventTimestampMs: 'x', reason: 'Workers trace event without a sound EventTimestampMs' },
  ])('$reason', ({ reason, ...more }) => {
    const event = { EventTimestampMs: 1795255200123, ScriptName: 's', Outcome: 'ok', ...more };
    expect(reasonsOf(JSON.stringify(event))).toEqual([reason]);
  });

  test('a Worker without wall time, and an outcome that is new', () => {
    const event = { EventTimestampMs: 1795255200123, ScriptName: 's', Outcome: 'overheated' };
    expect(reportsOf(JSON.stringify(event))).toEqual([
      {
        kind: 'report',
        fn: 'cloudflare/-/-/s',
        time: 1795255200123,
        a: 1795255200123,
        flags: 'failed statusKnown coldUnknown',
        text: 'overheated',
      },
    ]);
  });
});

test('Pub/Sub data that is gzip, or nothing', () => {
  const entry = {
    insertId: 'i',
    timestamp: '2026-11-21T10:00:00Z',
    resource: { type: 'cloud_function', labels: { function_name: 'f' } },
    textPayload: "Function execution took 7 ms, finished with status: 'ok'",
  };
  const push = (data: string) => JSON.stringify({ message: { data, messageId: '1' }, subscription: 's' });
  expect(reportsOf(push(gzipSync(JSON.stringify(entry)).toString('base64')))).toMatchObject([{ durationUs: 7000 }]);
  expect(reasonsOf(push('?'))).toEqual(['Pub/Sub data is not base64 of text or gzip']);
});
