import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { logMessage, subscription } from '../test/log-messages.ts';
import { dataMessage, LOG_GROUP, type Parsed, parseAll } from '../test/readable.ts';

const raw = { logGroup: LOG_GROUP };
const essence = ({ fragments, rejects }: Parsed) => ({
  fragments,
  rejects: rejects.map(({ reason, excerpt }) => [reason, excerpt]),
});

/** Python's separators, which CloudWatch does not use but tools do. */
const spaced = (json: string): string => json.replaceAll('":', '": ').replaceAll(',"', ', "').replaceAll('},{', '}, {');
/** Two spaces after the brace: the byte scanner does not read such a message, so it is parsed as JSON. */
const slow = (json: string): string => `{  ${json.slice(1)}`;

describe('laws', () => {
  test('the byte scanner and the text readers say the same', async () => {
    await fc.assert(
      fc.property(fc.array(subscription, { minLength: 1, maxLength: 4 }), fc.boolean(), (messages, isSpaced) => {
        const lines = messages
          .map((message) => JSON.stringify(message))
          .map((line) => (isSpaced ? spaced(line) : line));
        const fast = parseAll(lines.join('\n'));
        const parsed = parseAll(lines.map(slow).join('\n'));
        expect(essence(fast)).toEqual(essence(parsed));
        expect({ ...fast.stats, bytes: 0 }).toEqual({ ...parsed.stats, bytes: 0 });
      }),
      { numRuns: 600 },
    );
  });

  test('the order of keys and the way text is escaped change nothing', async () => {
    const escapeAll = (text: string): string =>
      text.replace(/[A-Z]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
    const message = subscription.chain((value) =>
      fc.tuple(fc.constant(value), fc.shuffledSubarray(Object.entries(value), { minLength: 6 })),
    );
    await fc.assert(
      fc.property(message, ([value, entries]) => {
        const shuffled = JSON.stringify(
          Object.fromEntries(
            entries.map(([key, it]) => [
              key,
              key === 'logEvents'
                ? (it as object[]).map((event) => Object.fromEntries(Object.entries(event).reverse()))
                : it,
            ]),
          ),
        );
        const escaped = JSON.stringify(value).replace(
          /"message":"(START|END|REPORT)/g,
          (head) => `"message":"${escapeAll(head.slice(11))}`,
        );
        const usual = essence(parseAll(JSON.stringify(value))).fragments;
        expect(parseAll(shuffled).fragments).toEqual(usual);
        expect(parseAll(escaped).fragments).toEqual(usual);
      }),
      { numRuns: 300 },
    );
  });

  const piece = fc.oneof(
    { weight: 4, arbitrary: subscription.map((it) => JSON.stringify(it)) },
    { weight: 2, arbitrary: subscription.map((it) => JSON.stringify(it, null, 2)) },
    { weight: 2, arbitrary: logMessage },
    { weight: 2, arbitrary: logMessage.map((it) => `2026-11-21T10:00:00.541Z ${it}`) },
    {
      weight: 1,
      arbitrary: fc
        .array(logMessage)
        .map((it) =>
          JSON.stringify(
            { events: it.map((message) => ({ timestamp: 1795255200000, message })), searchedLogStreams: [] },
            null,
            1,
          ),
        ),
    },
    { weight: 1, arbitrary: subscription.map((it) => JSON.stringify(it).slice(0, 150)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '[',
        '[{',
        ']',
        '}',
        '{"events":[',
        '{"a":1,',
        '\r\n',
        '   ',
        '[]',
        '{}',
        '[[{"field":"@message","value":"x"}]]',
        '\ufeff',
      ),
    },
  );
  const input = fc
    .array(fc.tuple(piece, fc.constantFrom('\n', '\n', '', '\n\n', ' ')), { maxLength: 8 })
    .map((pieces) => Buffer.from(pieces.flat().join('')));

  test('the same bytes give the same fragments and rejects however they are cut', async () => {
    await fc.assert(
      fc.property(input, fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 60 }), (bytes, cuts) => {
        expect(parseAll(bytes, raw, cuts)).toEqual(parseAll(bytes, raw));
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.property(input, (bytes) => {
        expect(parseAll(bytes, raw, Array(bytes.length).fill(1))).toEqual(parseAll(bytes, raw));
      }),
      { numRuns: 60 },
    );
  });

  test('a small limit is kept however the bytes are cut', async () => {
    const limit = { ...raw, maxValueBytes: 300 };
    await fc.assert(
      fc.property(input, fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 40 }), (bytes, cuts) => {
        expect(parseAll(bytes, limit, cuts)).toEqual(parseAll(bytes, limit));
      }),
      { numRuns: 300 },
    );
  });

  test('no bytes make it throw, and none go unseen', async () => {
    await fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const { stats } = parseAll(bytes, raw);
        const isEmpty = /^[\s[\],\ufeff]*$/.test(Buffer.from(bytes).toString()); // blank, or an empty list
        expect(isEmpty || stats.events + stats.rejects > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('damaged input never throws', async () => {
    const damaged = fc
      .tuple(input, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 10 }))
      .map(([bytes, changes]) => {
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });
    await fc.assert(
      fc.property(damaged, (bytes) => {
        parseAll(bytes, raw);
      }),
      { numRuns: 500 },
    );
  });
});

test('a report and its START in one message are one fragment, in two messages two', () => {
  const id = '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01';
  const start = `START RequestId: ${id} Version: 7\n`;
  const report = `REPORT RequestId: ${id}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\t\n`;
  const together = parseAll(dataMessage([start, report])).fragments;
  expect(together).toMatchObject([{ kind: 'report', flags: 'fusedStart', a: 1795255200000, version: '7' }]);
  const apart = parseAll(`${dataMessage([start])}\n${dataMessage([report])}`).fragments;
  expect(apart).toMatchObject([
    { kind: 'start', id },
    { kind: 'report', id, version: '7' },
  ]);
});
