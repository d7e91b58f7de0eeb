import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES } from './envelope.ts';
import { WireError } from './wire-bytes.ts';

const leaf = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** 53, 5e-324),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('half \ud800 pair', '{"$":"NaN"}', null, true, false),
);
const key = fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'constructor', 'tl', 'v', 'body', 'toJSON'));
const { body } = fc.letrec<{ body: unknown }>((tie) => ({
  body: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('body'), { maxLength: 5 }),
    fc.dictionary(key, tie('body'), { maxKeys: 5 }),
  ),
}));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('messages', () => {
  test('come back as they were, whatever numbers and keys they hold, short and long', async () => {
    await fc.assert(
      fc.property(body, fc.nat({ max: 3 }), (value, repeat) => {
        const whole = { value, padding: 'abcdefgh'.repeat(repeat * 80) };
        const decoded = decodeMessage(encodeMessage('verdicts', 0, whole), 'verdicts');
        expect(decoded).toEqual({ value, padding: whole.padding });
        expect(JSON.stringify(decoded)).toBe(JSON.stringify(whole)); // toEqual takes a key with the prototype's value for none
      }),
      { numRuns: 1000 },
    );
  });

  test('are readable as they stand while they are short, and deflated when long', () => {
    expect(text(encodeMessage('alerts', 2, { score: Number.NaN, lift: [-0, 1], at: undefined }))).toBe(
      '{"tl":"alerts","v":[1,2],"body":{"score":{"$":"NaN"},"lift":[{"$":"-0"},1]}}',
    );
    expect(text(encodeMessage('alerts', 0, { $: 1 }))).toBe('{"tl":"alerts","v":[1,0],"body":{"$":{"$":1}}}');
    const long = encodeMessage('alerts', 0, 'words '.repeat(1000));
    expect([long[0], long.length < 200]).toEqual([1, true]);
  });

  test('of a later minor version are read, with fields that this version does not know', () => {
    const bytes = Buffer.from('{"tl":"verdicts","v":[1,7],"later":[],"body":{"known":1,"added":{"$":"NaN"}}}');
    expect(decodeMessage(bytes, 'verdicts')).toEqual({ known: 1, added: Number.NaN });
  });

  test.each([
    ['a function', { run: () => 1 }, 'body.run: function is no plain data'],
    ['a bigint', [[1n]], 'body[0][0]: bigint is no plain data'],
    ['undefined in a list', { list: [undefined] }, 'body.list[0]: undefined is no plain data'],
    ['columns of numbers', { sums: new Float64Array(2) }, 'body.sums: Float64Array is no plain data'],
    ['a date', { at: new Date(0) }, 'body.at: Date is no plain data'],
  ])('do not take %s', (_name, value, message) => {
    expect(() => encodeMessage('verdicts', 0, value)).toThrow(new TypeError(message));
  });

  test('have bounds in depth and size', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = { $: deep };
    expect(decodeMessage(encodeMessage('verdicts', 0, deep), 'verdicts')).toEqual(deep);
    expect(() => encodeMessage('verdicts', 0, [deep])).toThrow('nested over 100 deep');
    expect(() => encodeMessage('verdicts', 0, 'x'.repeat(MAX_MESSAGE_BYTES))).toThrow(RangeError);
  });
});

describe('what is no message', () => {
  test.each([
    ['nothing', '', 'NOT_A_BLOCK'],
    ['other text', 'hello', 'NOT_A_BLOCK'],
    ['other JSON', '{"a":1}', 'NOT_A_BLOCK'],
    ['half of one', '{"tl":"verdicts","v":[1,0],"bo', 'MALFORMED'],
    ['one of another kind', '{"tl":"alerts","v":[1,0],"body":1}', 'MALFORMED'],
    ['one without version', '{"tl":"verdicts","body":1}', 'MALFORMED'],
    ['one with a version of text', '{"tl":"verdicts","v":["1",0],"body":1}', 'MALFORMED'],
    ['one without body', '{"tl":"verdicts","v":[1,0]}', 'MALFORMED'],
    ['one with an unknown escape', '{"tl":"verdicts","v":[1,0],"body":{"$":"pi"}}', 'MALFORMED'],
    ['one with an escape and more', '{"tl":"verdicts","v":[1,0],"body":{"$":"NaN","a":1}}', 'MALFORMED'],
    ['one of a newer format', '{"tl":"verdicts","v":[2,0],"shape":"unknown"}', 'NEWER_VERSION'],
    [
      'one nested too deep',
      `{"tl":"verdicts","v":[1,0],"body":[{"$":"NaN"},${'['.repeat(9e4)}${']'.repeat(9e4)}]}`,
      'MALFORMED',
    ],
  ])('is told apart: %s', (_name, json, code) => {
    expect(() => decodeMessage(Buffer.from(json), 'verdicts')).toThrow(expect.objectContaining({ code }));
  });

  test('does not inflate beyond the bound', () => {
    const bomb = Buffer.concat([Uint8Array.of(1), deflateRawSync(Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0x20))]);
    expect(() => decodeMessage(bomb, 'verdicts')).toThrow('a message that does not inflate');
  });

  test('is never anything but a wire error, cut or changed anywhere', async () => {
    const messages = ['short', 'words '.repeat(400)].map((word) => encodeMessage('verdicts', 0, { word, score: -0 }));
    await fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), fc.nat(), fc.nat({ max: 255 }), (bytes, cut, at, value) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at % bytes.length] = value;
        for (const given of [damaged, damaged.subarray(0, cut % bytes.length)]) {
          try {
            decodeMessage(given, 'verdicts');
          } catch (error) {
            if (!(error instanceof WireError)) throw error;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
