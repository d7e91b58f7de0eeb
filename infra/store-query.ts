import type { Readable } from 'node:stream';
import type { Database } from './clickhouse.ts';
import { readError, StoreError } from './store-error.ts';

/** `json` = one object a line; `cells` = one array of texts a line, after a line of names and one of types; null is NULL_CELL. */
export type QueryFormat = 'json' | 'cells';
export type QueryParams = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export const NULL_CELL = 'ᴺᵁᴸᴸ';

export const QUERY_FORMATS: Readonly<Record<QueryFormat, string>> = {
  json: 'JSONEachRow',
  cells: 'JSONCompactStringsEachRowWithNamesAndTypes',
};

const READING = new Set(['select', 'with', 'show', 'describe', 'desc', 'exists', 'explain']);

/** Functions that reach files, programs or the network. The session is read-only as well; this gives the clear message, and covers `file()`, which a read-only session may call. */
const REACHING =
  /^(file|filesystem|url|s3|gcs|oss|cosn|hdfs|azureblobstorage|iceberg|paimon|deltalake|hudi|ytsaurus|arrowflight|remote|cluster|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|executable|python|catboost|input)/;

const QUOTED_OR_COMMENT =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|--[^\n]*|#[! ][^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * The statement without its closing semicolon, if it is one that only reads the store.
 * @throws {StoreError} BAD_QUERY: another kind of statement, several of them, an output file, a function that reaches outside
 */
export function readingStatement(sql: string): string {
  // texts and comments are blanked out; a quoted name stays a name, so that quoting hides nothing
  const bare = sql.replace(QUOTED_OR_COMMENT, (token) =>
    token[0] === "'" ? " '' " : token[0] === '"' || token[0] === '`' ? ` ${token.slice(1, -1)} ` : ' ',
  );
  const refuse = (why: string) => new StoreError('BAD_QUERY', why);
  const first = /^[\s(]*([a-z]+)/i.exec(bare)?.[1]?.toLowerCase();
  if (first === undefined) throw refuse('the query is empty');
  if (!READING.has(first))
    throw refuse(`${first.toUpperCase()} is not allowed: only SELECT, WITH, SHOW, DESCRIBE, EXISTS and EXPLAIN`);
  if (/;\s*\S/.test(bare)) throw refuse('one statement at a time, please');
  if (/\binto\s+outfile\b/i.test(bare)) throw refuse('INTO OUTFILE is not allowed: redirect the output instead');
  if (/\bformat\s+\w+\s*;?\s*$/i.test(bare)) throw refuse('leave FORMAT out: --json and --csv choose the output');
  for (const [, name = ''] of bare.matchAll(/([\w$\\.]+)\s*\(/g)) {
    if (REACHING.test(name.toLowerCase()) || name.includes('\\'))
      throw refuse(`${name}() is not allowed: a query reads this store only`);
  }
  return sql.replace(/[\s;]+$/, '');
}

/** Runs one reading statement. @throws {StoreError} */
export async function ask(
  reader: Database,
  where: string,
  sql: string,
  format: QueryFormat,
  params: QueryParams = {},
): Promise<Readable> {
  const statement = readingStatement(sql);
  try {
    const { stream } = await reader.exec({
      query: `${statement}\nFORMAT ${QUERY_FORMATS[format]}`,
      query_params: params as Record<string, unknown>,
    });
    return stream;
  } catch (error) {
    throw readError(where, error);
  }
}
