import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type FirehoseBody,
  FirehoseBodyError,
  FirehoseBodyReader,
  MAX_FIREHOSE_RECORDS,
} from './envelopes/firehose.ts';

function read(text: string, cut = Number.POSITIVE_INFINITY): FirehoseBody {
  const reader = new FirehoseBodyReader();
  const bytes = Buffer.from(text);
  const chunk = Buffer.alloc(Math.min(cut, bytes.length)); // memory that is used again
  for (let at = 0; at < bytes.length; at += chunk.length) {
    const length = bytes.copy(chunk, 0, at);
    reader.push(chunk.subarray(0, length));
  }
  return reader.end();
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const textsOf = ({ records }: FirehoseBody) =>
  records.map((record) => (typeof record === 'string' ? `not base64: ${record}` : Buffer.from(record).toString()));

describe('the body of a Firehose request', () => {
  test('is read with its records decoded', () => {
    const body = read(
      `{"requestId":"r-1","timestamp":1578090901599,"records":[{"data":"${base64('a')}"},{"data":""}]}`,
    );
    expect({ ...body, records: textsOf(body) }).toEqual({
      requestId: 'r-1',
      timestampMs: 1578090901599,
      records: ['a', ''],
    });
  });

  test('may have its keys in any order, and others that mean nothing to us', () => {
    const body = read(
      ` {"more":{"data":[1,{"records":[null,true,"}"]}],"e":-1.5e+3},"records":[ {"x":"\\"","data":"${base64('a')}","y":{}} ],` +
        '"timestamp": 7 , "requestId":"\\u0072"}\n',
    );
    expect({ ...body, records: textsOf(body) }).toEqual({ requestId: 'r', timestampMs: 7, records: ['a'] });
  });

  test('says the same however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        (texts, cut) => {
          const records = texts.map((text) => ({ more: text, data: base64(text) }));
          const body = read(
            JSON.stringify({ 'a "quoted" \\ key': texts, requestId: 'ä\n', records, timestamp: 12 }),
            cut,
          );
          expect(textsOf(body)).toEqual(texts.map((text) => Buffer.from(text).toString()));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('may have escaped slashes in its data', () => {
    expect(textsOf(read('{"requestId":"r","timestamp":1,"records":[{"data":"Pz8\\/"}]}'))).toEqual(['???']);
  });

  test.each([
    ['Zm9v!', 'a character that is not of it'],
    ['Zm9vY', 'a length that it never has'],
    ['Zm9=v', 'padding inside'],
    ['Zm9vYg=', 'too little padding'],
  ])('keeps data that is no base64 (%s: %s) beside the others', (data) => {
    expect(textsOf(read(`{"requestId":"r","timestamp":1,"records":[{"data":"${data}"},{"data":"Yg=="}]}`))).toEqual([
      `not base64: ${data}`,
      'b',
    ]);
  });

  test.each([
    ['', 'truncated JSON'],
    ['[]', 'not a JSON object'],
    ['"x"', 'not a JSON object'],
    ['{"requestId":"r","timestamp":1,"records":[', 'truncated JSON'],
    ['{"requestId":"r","timestamp":1,"records":[{"data":"Yg==', 'truncated JSON'],
    ['{"requestId":"r","timestamp":1,"records":[]}}', 'malformed JSON'],
    ['{"requestId":"r","timestamp":1,"records":[],}', 'malformed JSON'],
    ['{"requestId":"r" "timestamp":1}', 'malformed JSON'],
    ['{"requestId":"r","timestamp":}', 'malformed JSON'],
    ['{"requestId":"r","timestamp":0x1,"records":[]}', 'malformed JSON'],
    ['{"requestId":"\\x","timestamp":1,"records":[]}', 'malformed JSON'],
    ['{"timestamp":1,"records":[]}', 'no requestId'],
    ['{"requestId":"r","records":[]}', 'no timestamp'],
    ['{"requestId":"r","timestamp":1}', 'no records'],
    ['{"requestId":5,"timestamp":1,"records":[]}', 'requestId is not a text'],
    ['{"requestId":"r","timestamp":"1","records":[]}', 'timestamp is not an integer'],
    ['{"requestId":"r","timestamp":1.5,"records":[]}', 'timestamp is not an integer'],
    ['{"requestId":"r","timestamp":1,"records":{}}', 'records is not a list of objects'],
    ['{"requestId":"r","timestamp":1,"records":["Yg=="]}', 'records is not a list of objects'],
    ['{"requestId":"r","timestamp":1,"records":[{"data":1}]}', 'data of a record is not a text'],
    ['{"requestId":"r","timestamp":1,"records":[{}]}', 'a record without data'],
    ['{"requestId":"r","timestamp":1,"records":[],"records":[]}', 'records twice'],
    [`{"requestId":"${'r'.repeat(1025)}"}`, 'a name is too long'],
    [`{"x":${'['.repeat(40)}`, 'more than 32 levels'],
    [`{"x":${'{"x":'.repeat(40)}`, 'more than 32 levels'],
  ])('%s is refused: %s', (text, reason) => {
    expect(() => read(text)).toThrow(new FirehoseBodyError(reason));
    expect(() => read(text, 1)).toThrow(new FirehoseBodyError(reason));
  });

  test('has at most 10,000 records', () => {
    const bodyOf = (count: number) =>
      `{"requestId":"r","timestamp":1,"records":[${Array(count).fill('{"data":""}').join(',')}]}`;
    expect(read(bodyOf(MAX_FIREHOSE_RECORDS)).records).toHaveLength(10_000);
    expect(() => read(bodyOf(MAX_FIREHOSE_RECORDS + 1))).toThrow(new FirehoseBodyError('more than 10000 records'));
  });

  test('is what JSON says it is, or refused', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.integer({ min: 1, max: 9 }), (json, cut) => {
        const text = `{"requestId":"r","timestamp":1,"records":[],"x":${json}}`;
        expect(read(text, cut)).toEqual({ requestId: 'r', timestampMs: 1, records: [] });
        for (const broken of [text.slice(0, -2), `${text}]`, text.replace(':', '')])
          expect(() => read(broken, cut)).toThrow(FirehoseBodyError);
      }),
    );
  });
});
