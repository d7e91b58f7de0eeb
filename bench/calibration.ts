import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawing } from './calibration-drawing.ts';
import { PROCESSES, type ProcessName } from './calibration-process.ts';
import { table, verdicts } from './calibration-report.ts';
import { type CellResult, runCell } from './calibration-run.ts';

const HELP = `Usage: npm run bench:calibration -- [options]
  --windows N        scored windows a cell (3000000)     --jobs N     cells at a time (2)
  --processes LIST   of ${PROCESSES.join(',')}
  --rates LIST       calls a minute (0.002,0.0167,1,100,10000,100000)
  --most-minutes N   simulated minutes a cell, of all its functions, at most (2000000000)
  --seed N           (1)                                 --raw        by the models alone, not calibrated
  --svg FILE         draws the curves                    --json       one JSON line at the end
  --all              prints every row, not only those with a level that is off`;

const { values: flags } = parseArgs({
  options: {
    windows: { type: 'string', default: '3000000' },
    processes: { type: 'string', default: PROCESSES.join(',') },
    rates: { type: 'string', default: '0.002,0.0167,1,100,10000,100000' },
    'most-minutes': { type: 'string', default: '2000000000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    raw: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    svg: { type: 'string' },
    json: { type: 'boolean', default: false },
    cell: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function run(cell: string): CellResult {
  const [process, rate] = cell.split('@') as [ProcessName, string];
  const { windows, seed, raw } = flags;
  const mostMinutes = Number(flags['most-minutes']);
  return runCell({
    process,
    rate: Number(rate),
    windows: Number(windows),
    mostMinutes,
    seed: Number(seed),
    isRaw: raw,
  });
}

/** One cell in a process of its own; its result comes back as a message. */
function runApart(cell: string): Promise<CellResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--cell', cell], {
      execArgv: process.execArgv,
    });
    let result: CellResult | null = null;
    child.on('message', (message) => {
      result = message as CellResult;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (result === null) reject(new Error(`cell ${cell} ended with ${code}`));
      else resolve(result);
    });
  });
}

function cells(): string[] {
  const processes = flags.processes.split(',');
  for (const name of processes) {
    if (!(PROCESSES as readonly string[]).includes(name))
      throw new Error(`no process ${name}: ${PROCESSES.join(', ')}`);
  }
  return processes.flatMap((name) => flags.rates.split(',').map((rate) => `${name}@${rate}`));
}

async function runAll(): Promise<CellResult[]> {
  const all = cells();
  const waiting = [...all];
  const results = new Map<string, CellResult>();
  async function work(): Promise<void> {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const result = await runApart(cell);
      results.set(cell, result);
      const windows = result.windows.reduce((sum, n) => sum + n, 0);
      process.stderr.write(
        `${cell}: ${windows} windows of ${result.functions} functions, ${result.seconds.toFixed(0)} s\n`,
      );
    }
  }
  await Promise.all(Array.from({ length: Number(flags.jobs) }, work));
  return all.map((cell) => results.get(cell)!);
}

if (flags.help) process.stdout.write(`${HELP}\n`);
else if (flags.cell !== undefined) process.send?.(run(flags.cell));
else {
  const results = await runAll();
  const rows = verdicts(results);
  process.stdout.write(table(rows, flags.all));
  if (flags.svg !== undefined) writeFileSync(flags.svg, drawing(rows));
  if (flags.json) process.stdout.write(`${JSON.stringify({ seed: Number(flags.seed), isRaw: flags.raw, rows })}\n`);
}
