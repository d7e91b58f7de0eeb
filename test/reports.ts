import { dataMessage, LOG_GROUP, parseAll, type Readable } from './readable.ts';

/** Options of a raw file. */
export const raw = { logGroup: LOG_GROUP };
export const STREAM = '2026/11/21/[$LATEST]e6bd0f6b5c0a4c67a2d5c8f2b0c81d4e';
export const id = (n: number): string => `6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b${String(n).padStart(2, '0')}`;
export const report = (n: number): string =>
  `REPORT RequestId: ${id(n)}\tDuration: ${n}.50 ms\tBilled Duration: ${n + 1} ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\t`;
/** A subscription message of one report. */
export const message = (n: number): string => dataMessage([`${report(n)}\n`]);
export const XRAY = 'XRAY TraceId: 1-5e61292c-cc1229a4dfbeae1043928548\tSegmentId: 07a85e713f6302b2\tSampled: true\t';

/** Which reports were read, by the number they were made with, and why anything else was not. */
export function read(input: string | Uint8Array, options = {}): { reports: unknown[]; rejects: string[] } {
  const { fragments, rejects } = parseAll(input, options);
  const reports = fragments
    .filter(({ kind }) => kind === 'report')
    .map(({ durationUs }: Readable) => Math.floor((durationUs as number) / 1000));
  return { reports, rejects: rejects.map(({ reason }) => reason) };
}
