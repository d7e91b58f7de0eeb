import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULT_KINDS } from './fault-plan.ts';
import { FIVE_MINUTES } from './moto-plans.ts';
import { isRight, type MotoResult, watchMoto } from './moto-run.ts';

const HELP = `Usage: npm run test:moto -- [options]
Runs tripline against moto's server in real time, with a proxy between that does what AWS does on a bad day, and kills it now
and then. Exits 0 where what was written is what was taken, to the event, and every kind of fault has occurred. The last line
is JSON.
  --minutes N  how long log events are written (5)
  --groups N   log groups at a time (10)
  --rate N     events a second, all groups together (40)
  --kills N    kill -9, spread over that time (3)
  --seed N     of everything that is left to chance (1)
  --keep       leave folders and logs`;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    groups: { type: 'string', default: '10' },
    rate: { type: 'string', default: '40' },
    kills: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function table(result: MotoResult): string[] {
  const { faults, groups, requests } = result;
  const row = (name: string, value: unknown) => `${name.padEnd(44)}${String(value).padStart(8)}`;
  return [
    row('events written', result.written),
    row('taken once (on the bus)', result.taken),
    row('missing', result.missing),
    row('twice by one process', result.twice),
    row('again after a kill, dropped by the shards', result.repeated),
    row('counted by the shards', result.counted),
    row('in the store', result.stored?.invocations ?? '-'),
    row('function minutes that are wrong', result.wrongMinutes + (result.stored?.wrongMinutes ?? 0)),
    row('log groups created, deleted, under an old name', `${groups.created}, ${groups.deleted}, ${groups.recreated}`),
    ...Object.entries(requests).map(([action, count]) => row(`requests ${action}`, count)),
    ...FAULT_KINDS.map((kind) => row(`fault ${kind}`, faults[kind])),
    row('written to delivered, ms, p50 and p99', result.waitMs.join(', ')),
  ];
}

async function main(): Promise<boolean> {
  const motoUrl = process.env['MOTO_URL'] ?? '';
  if (motoUrl === '') throw new Error('MOTO_URL is not set: infra/ci/moto.sh starts a server and sets it');
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const dir = mkdtempSync(join(tmpdir(), 'tripline-moto-'));
  let isDone = false;
  try {
    const program = [process.execPath, resolve(import.meta.dirname, '../../app/main.js')];
    const result = await watchMoto({
      ...FIVE_MINUTES,
      motoUrl,
      dir,
      program,
      say,
      seconds: Number(flags.minutes) * 60,
      groups: Number(flags.groups),
      rate: Number(flags.rate),
      kills: Number(flags.kills),
      seed: Number(flags.seed),
    });
    for (const line of table(result)) say(line);
    const absent = FAULT_KINDS.filter((kind) => result.faults[kind] === 0);
    const isBalanced = isRight(result);
    isDone = isBalanced && absent.length === 0;
    if (absent.length > 0) say(`these did not occur: ${absent.join(', ')}`);
    process.stdout.write(`${JSON.stringify({ ...result, isBalanced })}\n`);
    return isDone;
  } finally {
    if (flags.keep || !isDone) say(`logs: ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  }
}

if (flags.help) say(HELP);
else process.exitCode = (await main()) ? 0 : 1;
