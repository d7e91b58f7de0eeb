import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { storeAddress } from './store.ts';
import { halves } from './store-delivery.ts';
import { isAway, refusalOf } from './store-retry.ts';
import { Trouble } from './store-trouble.ts';

const failure = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('a refused insert', () => {
  test.each<[string, Error, ReturnType<typeof refusalOf>, boolean]>([
    ['nobody listens', failure('ECONNREFUSED'), 'passing', true],
    ['the connection was reset', failure('ECONNRESET'), 'passing', true],
    ['no answer in time', new Error('Timeout error.'), 'passing', true],
    ['a gateway answers in its place', new Error('<html><h1>502 Bad Gateway</h1></html>'), 'passing', true],
    ['too many parts', failure('252'), 'passing', true],
    ['the keeper is away', failure('999'), 'passing', true],
    ['the disk is full', failure('76', 'errno: 28, strerror: No space left on device'), 'passing', true],
    ['the password is wrong', failure('516'), 'passing', false],
    ['the certificate is wrong', failure('DEPTH_ZERO_SELF_SIGNED_CERT'), 'passing', false],
    ['there is no such table', failure('60'), 'passing', false],
    ['a value cannot be parsed', failure('27'), 'rows', false],
    ['a constraint is broken', failure('469'), 'rows', false],
    ['a bug of the server', failure('49'), 'unknown', false],
  ])('because %s', (_why, error, refusal, away) => {
    expect([refusalOf(error), isAway(error)]).toEqual([refusal, away]);
  });
});

test('halves of a batch are whole rows, all of them, in order', () => {
  const row = fc.string().map((text) => `${text.replaceAll('\n', '\\n')}\n`);
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 50 }), (rows) => {
      const { first, second } = halves({ bytes: Buffer.from(rows.join('')), rows: rows.length });
      expect(first.bytes.toString() + second.bytes.toString()).toBe(rows.join(''));
      expect(first.bytes.toString()).toBe(rows.slice(0, first.rows).join(''));
      expect([first.rows + second.rows, first.rows > 0, second.rows > 0]).toEqual([rows.length, true, true]);
    }),
  );
});

test('trouble is said once and over once, however many fail and come back in between', () => {
  const said: string[] = [];
  const trouble = new Trouble((message) => said.push(message), 0);
  trouble.failed('a', () => 'begins');
  trouble.failed('b', () => 'begins');
  trouble.succeeded('a', () => 'over');
  trouble.failed('a', () => 'begins');
  trouble.succeeded('b', () => 'over');
  expect([said, trouble.isOn]).toEqual([['begins'], true]);
  trouble.succeeded('a', () => 'over');
  trouble.succeeded('b', () => 'over');
  expect([said, trouble.isOn]).toEqual([['begins', 'over'], false]);
});

test('an address on the command line names folder, or server, user, database and cluster', () => {
  expect(storeAddress('./data')).toEqual({ dir: './data' });
  expect(storeAddress('https://me:p%40ss@host:8443/logs?cluster=main')).toEqual({
    url: 'https://host:8443',
    user: 'me',
    password: 'p@ss',
    database: 'logs',
    cluster: 'main',
  });
});
