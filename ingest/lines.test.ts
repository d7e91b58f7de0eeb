import { describe, expect, test } from '@jest/globals';
import { dataMessage, parseAll } from '../test/readable.ts';
import { id, message, raw, read, report, STREAM, XRAY } from '../test/reports.ts';

describe('lines', () => {
  const at = '2026-11-21T10:00:00.541';
  test.each([
    { name: 'S3 export', input: `${at}Z ${report(1)}\n${XRAY}\n${at}Z ${report(2)}\n` },
    { name: 'epoch milliseconds before', input: `1795255200541 ${report(1)}\n1795255200541 ${report(2)}` },
    {
      name: 'aws logs tail',
      input: `${at}000+00:00 ${STREAM} ${report(1)}\n\n${at}000+00:00 ${STREAM} ${report(2)}\n\n`,
    },
    {
      name: 'aws logs tail --color',
      input: `\u001b[32m${at}000+00:00\u001b[0m \u001b[36m${STREAM}\u001b[0m ${report(1)}\n${at}Z ${report(2)}`,
    },
    { name: 'sam logs', input: `${STREAM} ${at}000 ${report(1)}\n${STREAM} ${at}000 ${report(2)}\n` },
    {
      name: 'a pretty-printed object between',
      input: `${at}Z ${report(1)}\n${at}Z {\n  "a": [\n    {\n"b": 1\n}\n]\n}\n${at}Z ${report(2)}`,
    },
    {
      name: 'raw, timed by an application line',
      input: `${at}Z\t${id(1)}\tINFO\tx\n${report(1)}\n${XRAY}\n${report(2)}`,
    },
    {
      name: 'raw, first lines wait for a time',
      input: `START RequestId: ${id(1)} Version: $LATEST\n${report(1)}\n[INFO]\t${at}Z\t${id(2)}\tx\n${report(2)}`,
    },
    {
      name: 'raw, a JSON line tells the time',
      input: `{"level":"INFO","timestamp":"${at}Z"}\n${report(1)}\n${report(2)}`,
    },
    {
      name: 'raw, an old timeout has a time of its own',
      input: `${at}Z ${id(1)} Task timed out after 3.00 seconds\n\n${report(1)}\n${report(2)}`,
    },
  ])('$name', ({ input }) => {
    expect(read(input, raw)).toEqual({ reports: [1, 2], rejects: [] });
  });

  test('a report that user text quotes is not believed', () => {
    const input = `${at}Z START RequestId: ${id(1)} Version: $LATEST\n${at}Z ${id(1)} hello\n${report(9)}\n${at}Z ${report(1)}\n`;
    expect(read(input, raw)).toEqual({ reports: [1], rejects: ['platform line inside another message'] });
  });

  test('every reject tells its place', () => {
    const lines = ['', `${at}Z x`, `${at}Z REPORT RequestId: ${id(1)}\tBilled Duration: 1 ms`, '{"messageType":', ''];
    const { rejects } = parseAll(lines.join('\n'), raw);
    const offset = (line: number): number => lines.slice(0, line - 1).join('\n').length + 1;
    expect(rejects.map((it) => [it.reason, it.origin, it.line, it.offset])).toEqual([
      ['REPORT without Duration', 'test', 3, offset(3)],
      ['truncated JSON', 'test', 4, offset(4)],
    ]);
  });
});

describe('what is not believed', () => {
  const line = (text: string): string => `2026-11-21T10:00:00.541Z ${text}`;
  test.each([
    { name: 'no Duration', input: line(`REPORT RequestId: ${id(1)}`), reason: 'REPORT without Duration' },
    {
      name: 'a negative Duration',
      input: line(`REPORT RequestId: ${id(1)}\tDuration: -1.00 ms`),
      reason: 'REPORT with a malformed Duration',
    },
    {
      name: 'NaN',
      input: line(`REPORT RequestId: ${id(1)}\tDuration: NaN ms`),
      reason: 'REPORT with a malformed Duration',
    },
    {
      name: 'a bill of ten thousand years',
      input: line(`REPORT RequestId: ${id(1)}\tDuration: 1 ms\tBilled Duration: 315360000000000 ms`),
      reason: 'REPORT with a malformed Billed Duration',
    },
    {
      name: 'memory beyond all machines',
      input: line(`REPORT RequestId: ${id(1)}\tDuration: 1 ms\tMemory Size: 99999999999 MB`),
      reason: 'REPORT with a malformed Memory Size',
    },
    {
      name: 'a time before 2006',
      input: dataMessage([report(1)]).replace('1795255200000', '1'),
      reason: 'log event without a sound timestamp',
    },
    {
      name: 'a time after 2099',
      input: dataMessage([report(1)]).replace('1795255200000', '9999999999999'),
      reason: 'log event without a sound timestamp',
    },
    {
      name: 'a time that is text',
      input: dataMessage([report(1)]).replace('1795255200000', '"now"'),
      reason: 'log event without a sound timestamp',
    },
    {
      name: 'an event without message',
      input: dataMessage([report(1)]).replace('"message"', '"massage"'),
      reason: 'log event without message',
    },
    {
      name: 'a platform report without figures',
      input: '{"time":"2026-11-21T10:00:00Z","type":"platform.report","record":{"requestId":"x"}}',
      reason: 'platform.report without durationMs',
    },
    {
      name: 'a platform report of minus one',
      input:
        '{"time":"2026-11-21T10:00:00Z","type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":-1}}}',
      reason: 'platform.report with a malformed durationMs',
    },
    { name: 'a half-written last line', input: message(1).slice(0, -20), reason: 'truncated JSON' },
    {
      name: 'bytes outside texts that are no UTF-8',
      input: Buffer.concat([Buffer.from('{"messageType":'), Buffer.from([0xff, 0xfe]), Buffer.from('}')]),
      reason: 'malformed JSON',
    },
    {
      name: 'a value beyond the limit',
      input: message(1),
      options: { ...raw, maxValueBytes: 200 },
      reason: 'value too large',
    },
    {
      name: 'a line beyond the limit',
      input: `${'x'.repeat(300)}\n`,
      options: { ...raw, maxValueBytes: 200 },
      reason: 'value too large',
    },
  ])('$name', ({ input, options, reason }) => {
    expect(read(input, options ?? raw)).toEqual({ reports: [], rejects: [reason] });
  });

  test.each([
    { name: 'cut inside a text', cut: 100 },
    { name: 'cut between events', cut: message(1).indexOf('[{') + 1 },
    { name: 'cut after the head', cut: message(1).indexOf('"logEvents"') },
  ])('a line $name costs that line alone', ({ cut }) => {
    expect(read(`${message(1)}\n${message(2).slice(0, cut)}\n${message(3)}\n${message(4)}\n`)).toEqual({
      reports: [1, 3, 4],
      rejects: ['truncated JSON'],
    });
  });

  test('after a value that is too large reading goes on with the next line', () => {
    const huge = dataMessage(['x'.repeat(2000)]);
    expect(read(`${message(1)}\n${huge}\n${message(2)}\n`, { ...raw, maxValueBytes: 1000 })).toEqual({
      reports: [1, 2],
      rejects: ['value too large'],
    });
  });

  test('a platform event of a type not heard of is counted, not rejected', () => {
    const { stats, rejects } = parseAll(
      '{"time":"2026-11-21T10:00:00Z","type":"platform.invokeSummary","record":{}}',
      raw,
    );
    expect([stats.unknownPlatformLines, rejects]).toEqual([1, []]);
  });
});
