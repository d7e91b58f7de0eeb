import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAll, type Readable } from '../test/readable.ts';
import { id, report, XRAY } from '../test/reports.ts';

const reportsOf = (input: string, options = {}): Readable[] =>
  parseAll(input, options).fragments.filter(({ kind }) => kind === 'report');

describe('exports of CloudWatch', () => {
  const folder = 'exported/0f1e2d3c-task/2023-12-05-[$LATEST]e34ea4d32b8f441c96246bbee30ff465/000000.gz';
  const text = [
    `2023-12-05T22:14:43.877Z ${report(1)}`,
    XRAY,
    `2023-12-05T22:14:44.877Z ${report(2)}`,
    `1701814485877 ${report(3)}`,
  ].join('\n');

  test('the folder of a file in an S3 export is its stream', () => {
    const options = { origin: folder, logGroup: '/aws/lambda/pay' };
    expect(reportsOf(text, options)).toMatchObject(
      [1, 2, 3].map((n) => ({
        id: id(n),
        fn: 'aws/-/-/pay',
        version: '$LATEST',
        stream: '2023/12/05/[$LATEST]e34ea4d32b8f441c96246bbee30ff465',
      })),
    );
    const shared = { origin: folder.replace('-[$LATEST]', '-re-size[42]'), logGroup: 'shared' };
    expect(reportsOf(text, shared)).toMatchObject([1, 2, 3].map(() => ({ fn: 'aws/-/-/re-size', version: '42' })));
    expect(reportsOf(text, { origin: 'a/b/000000.gz', logGroup: '/aws/lambda/pay' })[0]?.['stream']).toBeUndefined();
  });

  const HEADER = '@timestamp,@message,@logStream,@log';
  const quoted = (part: string) => `"${part.replaceAll('"', '""')}"`;
  const row = (n: number, message: string) =>
    `2023-12-05 22:14:4${n}.877,${quoted(message)},"2023/12/05/[$LATEST]e34e",123456789012:/aws/lambda/pay`;

  test('query results as CSV, messages over several lines', () => {
    const csv = [HEADER, row(1, `${report(1)}\n${XRAY}`), row(2, '{"a": "b,\n\n{ c"}'), row(3, `${report(3)}\n`)].join(
      '\n',
    );
    const { fragments, rejects } = parseAll(csv);
    expect(rejects).toEqual([]);
    expect(fragments).toMatchObject(
      [1, 3].map((n) => ({ id: id(n), fn: 'aws/123456789012/-/pay', time: Date.parse(`2023-12-05T22:14:4${n}.877Z`) })),
    );
  });

  test('fields that were found in messages, sizes in decimal bytes', () => {
    const csv = `"@timestamp","@type","@requestId","@duration","@billedDuration","@memorySize","@maxMemoryUsed"\n2023-12-05 22:14:43.877,REPORT,${id(1)},14.97,15.0,1.28E8,6.7E7\n`;
    expect(reportsOf(csv, { logGroup: '/aws/lambda/pay' })).toMatchObject([
      { id: id(1), durationUs: 14_970, billedUs: 15_000, memoryMib: 128, usedMib: 67 },
    ]);
  });

  test('rows that do not fit are rejects with their line', () => {
    const csv = [HEADER, row(1, report(1)), 'what,is this', row(2, report(2)), '2023-12-05 22:14:43.877,"open'].join(
      '\n',
    );
    const { fragments, rejects } = parseAll(csv);
    expect(fragments).toHaveLength(2);
    expect(rejects).toMatchObject([
      { reason: 'CSV row does not fit its header', line: 3 },
      { reason: 'truncated CSV row', line: 5 },
    ]);
  });

  test('CSV cut anywhere is the same', () => {
    const csv = Buffer.from([HEADER, ...[1, 2, 3].map((n) => row(n, `${report(n)}\n${XRAY}\n"x"`))].join('\r\n'));
    const whole = parseAll(csv);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 })), (cuts) => {
        expect(parseAll(csv, {}, cuts)).toEqual(whole);
      }),
    );
    expect(whole.fragments).toHaveLength(3);
  });
});
