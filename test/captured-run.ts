import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../app/io.ts';
import { runProgram } from '../app/program.ts';
import { generateFleet } from '../scenarios/fleet.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface World {
  readonly stdin?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  /** called when standard input is first read */
  readonly onRead?: (interrupt: () => void) => void;
  /** called before each text is written; may throw */
  readonly onWrite?: (text: string, stream: 'out' | 'err', interrupt: () => void) => void;
}

/** Runs a command line with its output captured. */
export async function tripline(args: readonly string[], world: World = {}): Promise<Ran> {
  const texts = { out: '', err: '' };
  let interrupt = () => {};
  const output = (stream: 'out' | 'err') => ({
    isTTY: world.isTTY ?? false,
    write: async (text: string) => {
      world.onWrite?.(text, stream, interrupt);
      texts[stream] += text;
    },
  });
  const io: Io = {
    stdin: (async function* () {
      world.onRead?.(interrupt);
      if (world.stdin !== undefined) yield world.stdin;
    })(),
    stdout: output('out'),
    stderr: output('err'),
    env: world.env ?? {},
    nowMs: () => 0,
    onInterrupt: (stop) => {
      interrupt = stop;
      return () => {};
    },
  };
  return { code: await runProgram(args, io, '1.2.3'), ...texts };
}

/** A new folder, empty. */
export const folder = () => mkdtempSync(join(tmpdir(), 'program-'));
/** A new file in a folder of its own. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

// each of these seeds puts nearly all calls on one function, another one each
const fleets = [1, 2, 3].map((seed) =>
  generateFleet({
    seed,
    functions: 3,
    days: 1 / 24,
    invocations: 700,
    startMs: Date.UTC(2026, 10, 16, 9),
    incidents: 0,
    holes: 0,
  }),
);
const timeOf = (line: string) => Number(/"timestamp":(\d+)/.exec(line)?.[1]);
/** One hour of three functions, some 2,000 calls, as subscription messages. */
export const LINES = fleets.flatMap((fleet) => [...fleet.lines()]).sort((a, b) => timeOf(a) - timeOf(b));
export const CALLS = fleets.reduce((sum, fleet) => sum + fleet.totals().invocations, 0);
/** A message whose text holds what looks like a key: an alert for certain. */
export const SECRET = JSON.stringify({
  messageType: 'DATA_MESSAGE',
  owner: '123456789012',
  logGroup: '/aws/lambda/pay',
  logStream: '2026/11/16/[$LATEST]0123456789abcdef0123456789abcdef',
  subscriptionFilters: ['f'],
  logEvents: [{ id: '1', timestamp: Date.UTC(2026, 10, 16, 9, 30), message: `key ${'AKIA'}IOSFODNN7EXAMPLQ\n` }],
});
export const LOG = `${[...LINES, SECRET].sort((a, b) => timeOf(a) - timeOf(b)).join('\n')}\n`;
