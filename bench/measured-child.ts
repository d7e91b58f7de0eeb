import { spawn } from 'node:child_process';

export interface Measured {
  /** from the start of the process to its end, ms */
  readonly wallMs: number;
  /** processor time of all its threads, ms: other work on the machine counts less */
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  readonly stdout: string;
}

/** Tells on descriptor 3 what the process used, when it ends. Not in worker threads, which run it as well. */
const HOOK = `
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())));
`;

/**
 * Runs Node on `args` to its end and says what that cost.
 * @throws {Error} with the end of its standard error when it does not exit with 0
 */
export async function measuredChild(args: readonly string[]): Promise<Measured> {
  const startMs = performance.now();
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const child = spawn(process.execPath, ['--import', hook, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const texts = ['', '', '', ''];
  for (const descriptor of [1, 2, 3]) {
    child.stdio[descriptor]?.on('data', (bytes: Buffer) => {
      texts[descriptor] += bytes.toString();
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const wallMs = performance.now() - startMs;
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}:\n${texts[2]!.slice(-4000)}`);
  const usage = JSON.parse(texts[3]!) as NodeJS.ResourceUsage;
  return {
    wallMs,
    cpuMs: (usage.userCPUTime + usage.systemCPUTime) / 1000,
    peakRssBytes: usage.maxRSS * 1024,
    stdout: texts[1]!,
  };
}
