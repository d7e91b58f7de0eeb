import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MinuteCount } from './moto-ledger.ts';

const SQL = 'SELECT fn, toUnixTimestamp(minute) AS s, invocations FROM function_minutes ORDER BY fn, s';
const MOST_BYTES = 64 * 1024 * 1024;
const QUERY_MS = 60_000;

/** What the store says of each function and minute, asked as people do. @throws {Error} where it cannot be asked */
export async function storedMinutes(program: readonly string[], store: string): Promise<MinuteCount[]> {
  const [file = '', ...args] = program;
  const options = { maxBuffer: MOST_BYTES, timeout: QUERY_MS };
  const { stdout } = await promisify(execFile)(file, [...args, 'query', SQL, '--json', '--store', store], options);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { fn, s, invocations } = JSON.parse(line) as Record<string, unknown>;
      return { fn: String(fn), minuteMs: Number(s) * 1000, invocations: Number(invocations) };
    });
}
