/**
 * The peers of `bench:replay`, each run in a process of its own: prints {"wallMs","counted"}. The time is that of the work
 * alone, without the start of the process or the loading of the engine: the product is given no such discount.
 *
 *   node dist/bench/replay-peers.js parse|readline FILE
 *   node dist/bench/replay-peers.js sql FORM FILE
 */
import { closeSync, createReadStream, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openEmbedded } from '../infra/clickhouse.ts';

export const PEERS_MAIN = fileURLToPath(import.meta.url);

export interface PeerResult {
  readonly wallMs: number;
  /** lines for `parse`, invocations for `sql` */
  readonly counted: number;
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/** The usual loop: readline hands over the lines. */
async function parseReadLines(file: string): Promise<number> {
  let lines = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    JSON.parse(line);
    lines++;
  }
  return lines;
}

/** JSON.parse of every line and nothing else: splits lines itself, because readline takes longer than the parsing. */
function parseLines(file: string): number {
  const fd = openSync(file, 'r');
  const buffer = Buffer.alloc(2 * CHUNK_BYTES);
  let kept = 0;
  let lines = 0;
  try {
    for (;;) {
      const count = readSync(fd, buffer, kept, CHUNK_BYTES, null);
      if (count === 0) return lines;
      const bytes = buffer.subarray(0, kept + count);
      let from = 0;
      for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
        JSON.parse(bytes.toString('utf8', from, to));
        lines++;
        from = to + 1;
      }
      buffer.copyWithin(0, from, bytes.length);
      kept = bytes.length - from;
    }
  } finally {
    closeSync(fd);
  }
}

/** Two ways to take a line apart, and two to take a REPORT apart: which is fastest depends on cores and version. */
export const SQL_FORMS = ['extract+regex', 'extract+split', 'typed+regex', 'typed+split'] as const;
export type SqlForm = (typeof SQL_FORMS)[number];

const REPORTS = `event -> startsWith(event.2, 'REPORT RequestId: ') OR position(event.2, '"type":"platform.report"') > 0`;
const EVENTS = 'Array(Tuple(timestamp UInt64, message String))';

const LINES = {
  extract: (file: string) => `
    SELECT JSONExtractString(line, 'logGroup') AS fn,
      arrayJoin(arrayFilter(${REPORTS}, JSONExtract(line, 'logEvents', '${EVENTS}'))) AS event
    FROM file('${file}', 'LineAsString', 'line String')`,
  typed: (file: string) => `
    SELECT logGroup AS fn, arrayJoin(arrayFilter(${REPORTS}, logEvents)) AS event
    FROM file('${file}', 'JSONEachRow', 'logGroup LowCardinality(String), logEvents ${EVENTS}')`,
};

const regex = (text: string, json: string) =>
  `toFloat64OrZero(if(is_text, extract(message, '${text}'), extract(message, '"${json}":([0-9.]+)')))`;
const part = (number: number, word: number, json: string) =>
  `if(is_text, toFloat64OrZero(splitByChar(' ', parts[${number}])[${word}]), JSONExtract(message, 'record', 'metrics', '${json}', 'Float64'))`;

const FIELDS = {
  regex: `
    ${regex('\\tDuration: ([0-9.]+) ms', 'durationMs')} AS duration_ms,
    ${regex('Billed Duration: ([0-9.]+) ms', 'billedDurationMs')} AS billed_ms,
    ${regex('Memory Size: ([0-9]+) MB', 'memorySizeMB')} AS size_mb,
    ${regex('Max Memory Used: ([0-9]+) MB', 'maxMemoryUsedMB')} AS used_mb,
    ${regex('Init Duration: ([0-9.]+) ms', 'initDurationMs')} AS init_ms`,
  split: `
    if(is_text, splitByChar('\\t', message), []) AS parts,
    ${part(2, 2, 'durationMs')} AS duration_ms,
    ${part(3, 3, 'billedDurationMs')} AS billed_ms,
    ${part(4, 3, 'memorySizeMB')} AS size_mb,
    ${part(5, 4, 'maxMemoryUsedMB')} AS used_mb,
    ${part(6, 3, 'initDurationMs')} AS init_ms`,
};

const z = (value: string) => `(${value} - avg(${value}) OVER past) / nullIf(stddevPop(${value}) OVER past, 0)`;

/** Parse, minute windows of every function, z-scores over the 60 windows before each. No dedup, no order, no lateness. */
function statement(form: SqlForm, file: string): string {
  const [lines, fields] = form.split('+') as [keyof typeof LINES, keyof typeof FIELDS];
  return `
SELECT sum(calls) AS invocations,
  countIf(abs(z_calls) > 6 OR abs(z_duration) > 6 OR abs(z_errors) > 6 OR abs(z_cost) > 6) AS anomalies,
  max(used_max), sum(cold_starts)
FROM (
  SELECT fn, minute, calls, used_max, cold_starts,
    ${z('calls')} AS z_calls, ${z('duration')} AS z_duration, ${z('errors')} AS z_errors, ${z('cost')} AS z_cost
  FROM (
    SELECT fn, intDiv(ms, 60000) AS minute, count() AS calls, avg(duration_ms) AS duration, countIf(failed) AS errors,
      sum(billed_ms * size_mb) AS cost, max(used_mb) AS used_max, countIf(init_ms > 0) AS cold_starts
    FROM (
      SELECT fn, event.1 AS ms, event.2 AS message, startsWith(message, 'REPORT') AS is_text, ${FIELDS[fields]},
        if(is_text, position(message, 'Status: ') > 0, position(message, '"status":"success"') = 0) AS failed
      FROM (${LINES[lines](file)})
    )
    GROUP BY fn, minute
  )
  WINDOW past AS (PARTITION BY fn ORDER BY minute ROWS BETWEEN 60 PRECEDING AND 1 PRECEDING)
)`;
}

async function runSql(form: SqlForm, file: string): Promise<PeerResult> {
  const dir = mkdtempSync(join(tmpdir(), 'tripline-peer-'));
  const { writer, close } = await openEmbedded(dir);
  try {
    const startMs = performance.now();
    const answer = await writer.query({ query: statement(form, file), format: 'JSONEachRow' });
    const [row] = await answer.json<{ invocations: number | string }>();
    return { wallMs: performance.now() - startMs, counted: Number(row?.invocations) };
  } finally {
    await close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function runParse(file: string, parse: (file: string) => number | Promise<number>): Promise<PeerResult> {
  const startMs = performance.now();
  const counted = await parse(file);
  return { wallMs: performance.now() - startMs, counted };
}

if (process.argv[1] === PEERS_MAIN) {
  const [peer, ...rest] = process.argv.slice(2);
  const result = await (peer === 'sql'
    ? runSql(rest[0] as SqlForm, rest[1]!)
    : runParse(rest[0]!, peer === 'parse' ? parseLines : parseReadLines));
  process.stdout.write(JSON.stringify(result));
}
