import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstLine } from './store-error.ts';
import { statementsOf } from './store-migrations.ts';
import { readingStatement } from './store-query.ts';

describe('a reading statement', () => {
  test.each([
    'SELECT 1',
    "select * from alerts where text like '%; drop table runs%' -- into outfile",
    '  (SELECT 1) UNION ALL (SELECT 2)',
    'WITH 1 AS x SELECT x',
    '/* file(1) */ SHOW TABLES',
    'DESCRIBE alerts',
    'EXPLAIN SELECT 1',
    "SELECT count() FROM numbers(10) WHERE 'url(1)' != ''",
    'SELECT `profile` FROM t',
    "SELECT 'it''s; fine', 'a\\'b;'",
  ])('is let through: %s', (sql) => {
    expect(readingStatement(sql)).toBe(sql);
  });

  test('loses its semicolon', () => {
    expect(readingStatement('SELECT 1 ; \n')).toBe('SELECT 1');
  });

  test.each([
    { sql: '', says: 'empty' },
    { sql: '-- only a comment', says: 'empty' },
    { sql: 'DROP TABLE runs_data', says: 'DROP is not allowed' },
    { sql: '/* SELECT */ insert into t values (1)', says: 'INSERT is not allowed' },
    { sql: 'SET readonly = 0', says: 'SET is not allowed' },
    { sql: 'SELECT 1; SELECT 2', says: 'one statement' },
    { sql: "SELECT 1 INTO  OUTFILE '/tmp/x'", says: 'OUTFILE' },
    { sql: "SELECT 1 INTO/**/OUTFILE '/tmp/x'", says: 'OUTFILE' },
    { sql: 'SELECT 1 FORMAT CSV', says: 'leave FORMAT out' },
    { sql: "SELECT file('/etc/passwd')", says: 'file() is not allowed' },
    { sql: "SELECT `file` ('/etc/passwd')", says: 'file() is not allowed' },
    { sql: 'SELECT "file"/**/(\'/etc/passwd\')', says: 'file() is not allowed' },
    { sql: "SELECT `fi\\x6ce`('/etc/passwd')", says: 'is not allowed' },
    { sql: "SELECT * FROM s3Cluster('c', 'http://x/y')", says: 's3Cluster() is not allowed' },
    { sql: "SELECT * FROM executable('id', 'TSV', 'x String')", says: 'executable() is not allowed' },
  ])('is refused: $sql', ({ sql, says }) => {
    expect(() => readingStatement(sql)).toThrow(
      expect.objectContaining({ code: 'BAD_QUERY', message: expect.stringContaining(says) }),
    );
  });

  test('any text is either let through or refused as a bad query', async () => {
    await fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (tail) => {
        try {
          readingStatement(`SELECT ${tail}`);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_QUERY' });
        }
      }),
    );
  });
});

test('statements of a migration end at a semicolon that ends a line; comments go', () => {
  expect(statementsOf("-- why; not\nCREATE TABLE a (x String DEFAULT ';');\n\n-- more\nSELECT 1;\n")).toEqual([
    "CREATE TABLE a (x String DEFAULT ';')",
    'SELECT 1',
  ]);
});

test('an engine error is cut to what a person needs', () => {
  expect(
    firstLine(
      'Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))\nStack trace',
    ),
  ).toBe('Unknown table x. (UNKNOWN_TABLE)');
});
