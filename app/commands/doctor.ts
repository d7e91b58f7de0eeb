import { Command } from 'commander';
import { connectPeers } from '../../infra/control.ts';
import { harmless } from '../../infra/table-text.ts';
import { loadConfig } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { CONFIG_FLAG, configFileOf, stateFolderOf } from '../config-file.ts';
import { type Check, type Finding, fail, runChecks, skipped } from '../doctor/check.ts';
import { checksOf, withOneClock } from '../doctor/doctor.ts';
import { nodeCheck } from '../doctor/machine.ts';
import type { DoctorWorld } from '../doctor/world.ts';
import { EXIT, type Io } from '../io.ts';
import { withModel } from '../model.ts';
import { plural, type Style, styleFor } from '../style.ts';

interface DoctorFlags {
  readonly config?: string;
  readonly json?: true;
  readonly send?: true;
}

const HELP = `
Looks at everything the config needs, all at once, each for 5 s at most, and changes nothing: files, AWS credentials and
permissions, Kafka, the store, folders and disk, destinations, ports, certificates, the clock.

  ✓ fine   ! worth a look   ✗ broken, with what to do   – not looked at

Exit codes: 0 nothing is broken, 1 something is, 2 wrong usage.
`;

/** `tripline doctor` */
export function doctorCommand(io: Io, end: (code: number) => void): Command {
  return new Command('doctor')
    .description('check everything the config needs: credentials, permissions, services, disk, clock; say what to fix')
    .option(...CONFIG_FLAG)
    .option('--send', 'also send a test notice to each destination')
    .option('--json', 'one JSON object a finding')
    .addHelpText('after', HELP)
    .action(async (flags: DoctorFlags) => {
      const findings = await examine(flags, io);
      const style = styleFor(io.stdout, io.env);
      const lines = flags.json === true ? findings.map((it) => JSON.stringify(it)) : findingLines(findings, style);
      await io.stdout.write(lines.map((line) => `${line}\n`).join(''));
      if (findings.some(({ verdict }) => verdict === 'fail')) end(EXIT.failed);
    });
}

async function examine(flags: DoctorFlags, io: Io): Promise<Finding[]> {
  const file = configFileOf(flags, io);
  const world = await worldOf(file, flags, io);
  let checks: Check[];
  try {
    const { config } = withModel(loadConfig(file ?? undefined, io.env), undefined);
    checks = checksOf(config, file, world);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => fail('config', problem, fixOf(problem)));
    return [
      ...(await runChecks([nodeCheck(world)])),
      ...problems,
      skipped('all else', 'needs a config that can be read'),
    ];
  }
  return withOneClock(await runChecks(checks));
}

function fixOf(problem: string): string {
  const variable = /environment variable (\w+) is not set$/.exec(problem)?.[1];
  return variable === undefined
    ? 'correct the line; docs/cli.md tells every key'
    : `export ${variable}=… where tripline runs, and where you run doctor`;
}

async function worldOf(file: string | null, { send }: DoctorFlags, io: Io): Promise<DoctorWorld> {
  const peers = await runningPeersOf(file, io);
  return {
    env: io.env,
    cwd: io.cwd ?? process.cwd(),
    nodeVersion: process.version,
    nowMs: Date.now,
    running: peers,
    isSending: send === true,
  };
}

async function runningPeersOf(file: string | null, io: Io): Promise<DoctorWorld['running']> {
  try {
    const peers = await connectPeers(stateFolderOf(file, io.env));
    for (const peer of peers) peer.close();
    return peers.map(({ pid, name }) => ({ pid, name }));
  } catch (error) {
    if (error instanceof ConfigError) return []; // the config itself is a finding
    throw error;
  }
}

const MARKS = { ok: '✓', warn: '!', fail: '✗', skipped: '–' } as const;
const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' } as const;

/** A line a finding, what to do below it, and a summary. */
export function findingLines(findings: readonly Finding[], style: Style): string[] {
  const widest = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, verdict, message, fix }) => [
    `${style(MARKS[verdict], COLOURS[verdict])} ${harmless(what).padEnd(widest)}  ${harmless(message)}`,
    ...(fix === undefined ? [] : [`${' '.repeat(widest + 4)}${style('→', 'bold')} ${harmless(fix)}`]),
  ]);
  const broken = findings.filter(({ verdict }) => verdict === 'fail').length;
  const odd = findings.filter(({ verdict }) => verdict === 'warn').length;
  const parts = [
    ...(broken > 0 ? [style(`${broken} broken`, 'red')] : []),
    ...(odd > 0 ? [`${odd} worth a look`] : []),
  ];
  return [
    ...lines,
    '',
    parts.length === 0
      ? style('all is well', 'green')
      : parts.join(', ').concat(`, of ${plural(findings.length, 'finding')}`),
  ];
}
