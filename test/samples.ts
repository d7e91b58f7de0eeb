import { readFileSync } from 'node:fs';
import type { Readable } from './readable.ts';

/** A file of test/samples. */
export const sample = (path: string): Buffer => readFileSync(new URL(`samples/${path}`, import.meta.url));
export const linesOf = (path: string): string[] =>
  sample(path)
    .toString()
    .split('\n')
    .filter((line) => line !== '');
export const json = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;
/** What `dataMessage` adds to every fragment. */
export const COMMON = {
  fn: 'aws/123456789012/-/checkout-api',
  time: 1795255200000,
  version: '$LATEST',
  stream: '2026/11/21/[$LATEST]e6bd0f6b5c0a4c67a2d5c8f2b0c81d4e',
};

/** The reference patterns of the fact sheet: an oracle that shares no code with the parser. */
export function expectedReport(message: string): Readable {
  const [line = ''] = message.split('\nXRAY');
  const field = (label: string, scale: number): number => {
    const labels =
      /(Billed Restore Duration|Billed Duration|Restore Duration|Init Duration|Duration|Max Memory Used|Memory Size):\s+(\d+(?:\.\d+)?)\s+(?:ms|MB)/g;
    const found = [...line.matchAll(labels)].find(([, name]) => name === label);
    return found === undefined ? Number.NaN : Math.round(Number(found[2]) * scale);
  };
  const [duration, billed, init, restore] = ['Duration', 'Billed Duration', 'Init Duration', 'Restore Duration'].map(
    (label) => field(label, 1000),
  );
  const status = /\bStatus:\s+(\S+)/.exec(line)?.[1];
  const isTimeout = status === 'timeout' || (status === undefined && billed! < Math.floor(duration! / 1000) * 1000);
  const errorType = /\bError Type:\s+(\S+)/.exec(line)?.[1];
  const flags = [
    ...(isTimeout || status === 'error' ? ['failed'] : []),
    ...(isTimeout ? ['timeout'] : []),
    ...(errorType === 'Runtime.OutOfMemory' ? ['oom'] : []),
    ...(init! >= 0 || restore! >= 0 ? ['cold'] : []),
    ...(status === undefined ? [] : ['statusKnown']),
  ];
  const known = {
    durationUs: duration,
    billedUs: billed,
    initUs: init,
    b: restore,
    c: field('Billed Restore Duration', 1000),
    memoryMib: field('Memory Size', 1),
    usedMib: field('Max Memory Used', 1),
  };
  return {
    kind: 'report',
    id: /^REPORT\s+RequestId:\s+(\S+)/.exec(line)?.[1],
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => !Number.isNaN(value))),
    ...(flags.length === 0 ? {} : { flags: flags.join(' ') }),
    ...(errorType === undefined ? {} : { text: errorType }),
    ...COMMON,
  };
}
