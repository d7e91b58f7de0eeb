import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { dataMessage, LOG_GROUP, parseAll, type Readable } from '../test/readable.ts';
import { id, message, raw, read, report, STREAM } from '../test/reports.ts';

describe('values, however they are strung together', () => {
  const base64 = (text: string): string => gzipSync(text).toString('base64');
  const pretty = JSON.stringify(JSON.parse(message(1)), null, 2);
  test.each([
    { name: 'lines', input: `${message(1)}\n${message(2)}\n` },
    { name: 'no line feed between', input: message(1) + message(2) },
    { name: 'spread over many lines', input: `${pretty}\n${message(2)}` },
    { name: 'Windows line ends', input: `${pretty.replaceAll('\n', '\r\n')}\r\n${message(2)}\r\n` },
    { name: 'an array', input: `[${message(1)},${message(2)}]` },
    {
      name: 'an array over many lines',
      input: JSON.stringify([JSON.parse(message(1)), JSON.parse(message(2))], null, 1),
    },
    { name: 'arrays in an array', input: `[[${message(1)}],[${message(2)}]]` },
    { name: 'a byte order mark', input: `\ufeff${message(1)}\n${message(2)}` },
    { name: 'base64 of gzip, a line each', input: `${base64(message(1))}\n${base64(message(2))}\n` },
    { name: 'several messages in one gzip', input: `${base64(message(1) + message(2))}\n` },
    { name: 'a Lambda event', input: JSON.stringify({ awslogs: { data: base64(message(1)) } }) + message(2) },
    {
      name: 'a Kinesis event',
      input: JSON.stringify({ Records: [1, 2].map((n) => ({ kinesis: { data: base64(message(n)) } })) }),
    },
    {
      name: 'a Firehose request',
      input: JSON.stringify({
        requestId: 'x',
        timestamp: 1,
        records: [1, 2].map((n) => ({ data: base64(message(n)) })),
      }),
    },
    {
      name: 'Firehose records that were decompressed',
      input: JSON.stringify({
        requestId: 'x',
        records: [{ data: Buffer.from(message(1) + message(2)).toString('base64') }],
      }),
    },
    { name: 'mixed with lines of text', input: `2026-11-21T10:00:00.541Z ${report(1)}\n${message(2)}` },
  ])('$name', ({ input }) => {
    expect(read(input, raw)).toEqual({ reports: [1, 2], rejects: [] });
  });

  test.each([
    { name: 'damaged gzip', input: 'H4sIAAAAAAAAAAAAAAAAAAAAAAAA\n', reason: 'base64 line is not gzip' },
    {
      name: 'data that is no base64',
      input: '{"awslogs":{"data":"%%%"}}',
      reason: 'record data is not base64 of text or gzip',
    },
    {
      name: 'a message without events',
      input: '{"messageType":"DATA_MESSAGE","logEvents":7}',
      reason: 'not a subscription message',
    },
    { name: 'bytes that are no text', input: Buffer.from([0, 1, 2, 3, 255, 10]), reason: 'binary data' },
  ])('$name is a reject', ({ input, reason }) => {
    expect(read(input, raw).rejects).toEqual([reason]);
  });
});

describe('whose lines they are', () => {
  const fnOf = (fields: Readable, options = {}): unknown =>
    parseAll(dataMessage([`${report(1)}\n`], fields), options).fragments[0]?.['fn'];
  test.each([
    { name: 'owner and group tell', fields: {}, fn: 'aws/123456789012/-/checkout-api' },
    {
      name: 'the options fill in the region',
      fields: {},
      options: { region: 'eu-west-1', account: '1' },
      fn: 'aws/123456789012/eu-west-1/checkout-api',
    },
    {
      name: 'system fields go before',
      fields: { '@aws.account': '999999999999', '@aws.region': 'us-east-2' },
      options: { region: 'eu-west-1' },
      fn: 'aws/999999999999/us-east-2/checkout-api',
    },
    {
      name: 'Lambda@Edge stays as it is',
      fields: { logGroup: '/aws/lambda/us-east-1.edge' },
      fn: 'aws/123456789012/us-east-1/us-east-1.edge',
    },
    {
      name: 'a group of several functions',
      fields: { logGroup: '/shared', logStream: '2025/05/06/fnname[$LATEST]6163f46c' },
      fn: 'aws/123456789012/-/fnname',
    },
    {
      name: 'the documented form of its streams',
      fields: { logGroup: '/shared', logStream: '2025/05/06/fnname[42][6163f46c-aa]' },
      fn: 'aws/123456789012/-/fnname',
    },
    { name: 'no function', fields: { logGroup: '/shared', logStream: 'x' }, fn: undefined },
  ])('$name', ({ fields, options, fn }) => {
    expect(fnOf(fields, options)).toBe(fn);
  });

  test.each([
    { name: 'its own', logGroup: '/aws/lambda/pay', stream: '2025/05/06/[$LATEST]6163f46c', said: undefined },
    { name: 'one of several', logGroup: '/shared', stream: '2025/05/06/pay[$LATEST]6163f46c', said: '/shared' },
    { name: 'none there can be', logGroup: '/sha red', stream: '2025/05/06/pay[$LATEST]6163f46c', said: undefined },
  ])('the log group is said where the name of the function does not tell it: $name', ({ logGroup, stream, said }) => {
    const failed = `2025-05-06T10:00:00.000Z ${id(1)} Task timed out after 3.00 seconds\n\n`;
    const message = dataMessage([`START RequestId: ${id(1)} Version: 7\n`, failed, report(1), report(2)], {
      logGroup,
      logStream: stream,
    });
    for (const given of [message, `{  ${message.slice(1)}`]) {
      const { fragments } = parseAll(given);
      expect(new Set(fragments.map(({ kind }) => kind))).toEqual(new Set(['failure', 'report']));
      expect(fragments.map((it) => it.logGroup)).toEqual([said, said, said]);
    }
  });

  test('an ARN in a line tells the name, and nothing else of it counts', () => {
    const start = JSON.stringify({
      time: '2026-11-21T10:00:00.000Z',
      type: 'platform.start',
      record: { requestId: id(1), functionArn: 'arn:aws:lambda:eu-west-1:999999999999:function:told' },
    });
    const { fragments, rejects } = parseAll(
      dataMessage([start, `${report(1)}\n`], { logGroup: '/shared', logStream: 'x' }),
    );
    expect(fragments.map(({ fn }) => fn)).toEqual(['aws/123456789012/-/told']);
    expect(rejects).toEqual([]);
  });

  test('a message of another service is one reject, however many events it has', () => {
    const { rejects } = parseAll(
      dataMessage(['2 1 eni-1 - -', report(1), report(2)], { logGroup: '/aws/vpc/flow-logs', logStream: 'eni-1-all' }),
    );
    expect(rejects.map(({ reason }) => reason)).toEqual(["log group is not a function's"]);
  });
});

describe('aws logs output', () => {
  const event = (n: number): Readable => ({
    logStreamName: STREAM,
    timestamp: 1795255200000 + n,
    message: `${report(n)}\n`,
    ingestionTime: 1795255203000,
    eventId: String(n),
  });
  const events = [1, 2, 3].map(event);
  test.each([
    { name: 'filter-log-events', input: JSON.stringify({ events, searchedLogStreams: [] }, null, 4) },
    { name: 'on one line', input: JSON.stringify({ events, nextToken: 'x' }) },
    { name: 'streams first', input: JSON.stringify({ searchedLogStreams: [{ logStreamName: 'x' }], events }, null, 4) },
    {
      name: 'get-log-events',
      input: JSON.stringify(
        {
          events: events.map(({ timestamp, message: text, ingestionTime }) => ({
            timestamp,
            message: text,
            ingestionTime,
          })),
          nextForwardToken: 'f/1',
          nextBackwardToken: 'b/1',
        },
        null,
        4,
      ),
    },
    { name: 'a line each', input: events.map((it) => JSON.stringify(it)).join('\n') },
    { name: 'pages', input: events.map((it) => JSON.stringify({ events: [it], nextToken: 'x' }, null, 1)).join('\n') },
    {
      name: 'rows of Logs Insights',
      input: JSON.stringify(
        {
          results: [1, 2, 3].map((n) => [
            { field: '@timestamp', value: '2026-11-21 10:00:00.541' },
            { field: '@message', value: report(n) },
            { field: '@logStream', value: STREAM },
          ]),
          status: 'Complete',
        },
        null,
        1,
      ),
    },
    {
      name: 'rows without messages',
      input: JSON.stringify({
        results: [1, 2, 3].map((n) =>
          Object.entries({
            '@timestamp': '2026-11-21 10:00:00.541',
            '@type': 'REPORT',
            '@requestId': id(n),
            '@duration': `${n}.5`,
            '@memorySize': '1.28E8',
            '@maxMemoryUsed': '6.7E7',
          }).map(([field, value]) => ({ field, value })),
        ),
      }),
    },
    {
      name: 'rows with the name of their group',
      input: [1, 2, 3]
        .map((n) =>
          JSON.stringify({
            '@timestamp': '2026-11-21 10:00:00.541',
            '@message': report(n),
            '@log': `123456789012:${LOG_GROUP}`,
          }),
        )
        .join('\n'),
      options: {},
    },
  ])('$name', ({ input, options }) => {
    expect(read(input, options ?? raw)).toEqual({ reports: [1, 2, 3], rejects: [] });
  });

  test('sizes of Logs Insights are decimal bytes', () => {
    const row = JSON.stringify({
      '@timestamp': '2026-11-21 10:00:00.541',
      '@type': 'REPORT',
      '@requestId': id(1),
      '@duration': '1.5',
      '@memorySize': '1.28E8',
      '@maxMemoryUsed': '6.7E7',
    });
    expect(parseAll(row, raw).fragments).toMatchObject([{ memoryMib: 128, usedMib: 67, durationUs: 1500 }]);
  });

  test('a list longer than any value may be is read element by element', () => {
    const many = Array.from({ length: 50 }, (_, n) => event(n));
    const { reports, rejects } = read(JSON.stringify({ events: many }, null, 2), { ...raw, maxValueBytes: 1000 });
    expect([reports.length, rejects]).toEqual([50, []]);
  });

  test('one bad element does not spoil the list', () => {
    const input = JSON.stringify({ events }, null, 4).replace('"timestamp": 1795255200002', '"timestamp": soon !');
    expect(read(input, raw)).toEqual({ reports: [1, 3], rejects: ['malformed JSON'] });
  });

  test('without a log group each event says so', () => {
    expect(read(JSON.stringify({ events }))).toEqual({ reports: [], rejects: Array(3).fill('no log group') });
  });
});
