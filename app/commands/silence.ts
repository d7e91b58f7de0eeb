import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import type { Match } from '../../alerts/desk-match.ts';
import { TextTable } from '../../infra/table-text.ts';
import { putCommand, waitingCommands } from '../commands-folder.ts';
import { CONFIG_FLAG } from '../config-file.ts';
import { MatchConfig, matchOf } from '../config-routes.ts';
import { readDeskView, type SilencesView } from '../desk-view.ts';
import { meantById } from '../incident-ids.ts';
import { InputError, type Io, UsageError } from '../io.ts';
import { terminalWidth } from '../store-output.ts';
import { plural, shown } from '../style.ts';
import { nameOf, stateOf } from './incidents.ts';

interface SilenceFlags {
  readonly config?: string;
  readonly function?: string[];
  readonly signal?: string[];
  readonly account?: string[];
  readonly severity?: string[];
  readonly owner?: string[];
  readonly for?: string;
  readonly until?: string;
  readonly by?: string;
  readonly why?: string;
  readonly json?: true;
}

const ADD_HELP = `
Everything that is given must match; of several values of one flag one is enough. What is covered is followed, and not told;
the end of what was told before always is. What is still bad when the silence is over is told then.

Examples:
  $ tripline silence add --function 'import-*' --for 2h --why "reindexing"
  $ tripline silence add --account 123456789012 --signal cost --until 2026-12-01T08:00Z --why "load test"
`;

const DURATION = /^(\d+(?:\.\d+)?)\s*(m|h|d|w)$/;
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LONGEST_MS = 366 * 86_400_000;

/** `tripline silence add|list|expire` */
export function silenceCommand(io: Io): Command {
  const flagsOf = (command: Command) => command.optsWithGlobals<SilenceFlags>();
  const add = new Command('add')
    .description('do not tell of what matches, for a time')
    .option('--function <pattern...>', 'names of functions, * and ? allowed')
    .option('--signal <name...>', 'such as errors, cost, duration')
    .option('--account <id...>', 'accounts')
    .option('--severity <name...>', 'critical, error, warning, info')
    .option('--owner <label...>', "labels of the config's owners")
    .option('--for <time>', 'how long: 30m, 2h, 3d, 1w')
    .option('--until <time>', 'or until when, ISO 8601 with its zone')
    .option('--why <text>', 'why: kept, and shown')
    .option('--by <name>', 'who; default: the user of this terminal')
    .option(...CONFIG_FLAG)
    .addHelpText('after', ADD_HELP)
    .action((_flags: unknown, command: Command) => addSilence(flagsOf(command), io));
  const list = new Command('list')
    .description('list the silences there are')
    .option('--json', 'one JSON object a line')
    .option(...CONFIG_FLAG)
    .action((_flags: unknown, command: Command) => listSilences(flagsOf(command), io));
  const expire = new Command('expire')
    .description('end a silence now: what it covers and is still bad is told')
    .argument('<id>', 'as tripline silence list shows it')
    .option('--why <text>', 'why: kept')
    .option('--by <name>', 'who; default: the user of this terminal')
    .option(...CONFIG_FLAG)
    .action((id: string, _flags: unknown, command: Command) => expireSilence(id, flagsOf(command), io));
  const parent = new Command('silence')
    .description('hold back alerts that are known, for a time')
    .option(...CONFIG_FLAG);
  for (const command of [add, list, expire]) parent.addCommand(command);
  return parent;
}

async function addSilence(flags: SilenceFlags, io: Io): Promise<void> {
  const match = matchFrom(flags);
  if (flags.why === undefined || flags.why === '') throw new UsageError('say why, for the others: --why "..."');
  const nowMs = Date.now();
  const untilMs = untilOf(flags, nowMs);
  const id = randomBytes(3).toString('hex');
  const by = nameOf(flags.by);
  putCommand(stateOf(flags, io), { kind: 'silence', silence: { id, match, untilMs, by, why: flags.why } }, nowMs);
  await io.stdout.write(`${id}\n`);
  await io.stderr.write(`silence ${id} until ${new Date(untilMs).toISOString()}: ${words(match)}\n`);
}

/** @throws {UsageError} naming the flag */
function matchFrom(flags: SilenceFlags): Match {
  const { function: fn, signal, account, severity, owner } = flags;
  const parsed = MatchConfig.safeParse({ function: fn, signal, account, severity, owner });
  if (!parsed.success)
    throw new UsageError(parsed.error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`).join('\n'));
  const match = matchOf(parsed.data);
  if (Object.keys(match).length === 0)
    throw new UsageError(
      'a silence of everything is none: give --function, --signal, --account, --severity or --owner',
    );
  return match;
}

function untilOf({ for: duration, until }: SilenceFlags, nowMs: number): number {
  if ((duration === undefined) === (until === undefined)) throw new UsageError('give --for or --until, one of them');
  const [, number, unit] = DURATION.exec(duration ?? '') ?? [];
  if (duration !== undefined && unit === undefined)
    throw new UsageError(`--for: ${shown(duration)} is not 30m, 2h, 3d or 1w`);
  if (until !== undefined && !/T.*(Z|[+-]\d\d:\d\d)$/.test(until))
    throw new UsageError(`--until: ${shown(until)} is no time with its zone, such as 2026-12-01T08:00Z`);
  const untilMs = until === undefined ? nowMs + Number(number) * UNIT_MS[unit!]! : Date.parse(until);
  if (!(untilMs > nowMs)) throw new UsageError('the silence would be over already');
  if (untilMs > nowMs + LONGEST_MS) throw new UsageError('a silence lasts a year at most');
  return untilMs;
}

const words = (match: Match): string =>
  Object.entries(match)
    .map(([name, values]) => `${name} ${Array.isArray(values) ? values.map(shown).join(' or ') : String(values)}`)
    .join(', ');

type Listed = SilencesView['silences'][number] & {
  /** what a running installation will do with it, as soon as there is one; absent = nothing */
  readonly waits?: 'to begin' | 'to end';
};

const WAITS = {
  not: '',
  'to begin': ' (waiting for a running tripline)',
  'to end': ' (waiting for a running tripline, which ends it)',
};

/** Those that a desk knows, and those that wait for one. @throws {InputError} where there is neither */
function silencesOf(state: string): Listed[] {
  const view = readDeskView<SilencesView>(state, 'silences');
  const waiting = waitingCommands(state);
  const ended = new Set(waiting.flatMap((it) => (it.kind === 'unsilence' ? [it.silence] : [])));
  const known = (view?.silences ?? []).map((it) => (ended.has(it.id) ? { ...it, waits: 'to end' as const } : it));
  const begun = waiting.flatMap((it): Listed[] => {
    if (it.kind !== 'silence' || known.some(({ id }) => id === it.silence.id)) return [];
    const { untilMs, ...rest } = it.silence;
    const waits = ended.has(rest.id) ? 'to end' : 'to begin';
    return [{ ...rest, until: new Date(untilMs).toISOString(), incidents: 0, waits }];
  });
  if (view !== null || begun.length > 0) return [...known, ...begun];
  throw new InputError(`no silences in ${shown(state)}: tripline run, or tripline notify, has not been there yet`);
}

async function listSilences(flags: SilenceFlags, io: Io): Promise<void> {
  const silences = silencesOf(stateOf(flags, io));
  if (flags.json === true) {
    await io.stdout.write(silences.map((it) => `${JSON.stringify(it)}\n`).join(''));
    return;
  }
  const columns = ['id', 'until (UTC)', 'by', 'covers', 'matches', 'why'];
  const table = new TextTable(
    columns.map((name) => ({ name, align: name === 'covers' ? 'right' : 'left' })),
    terminalWidth(io),
  );
  const rows = silences.map((it) => [
    it.id,
    it.until.slice(0, 16).replace('T', ' '),
    shown(it.by),
    String(it.incidents),
    words(it.match),
    `${shown(it.why)}${WAITS[it.waits ?? 'not']}`,
  ]);
  const lines = rows.length === 0 ? [] : [...table.lines(rows), ''];
  await io.stdout.write(`${[...lines, plural(silences.length, 'silence')].join('\n')}\n`);
}

async function expireSilence(id: string, flags: SilenceFlags, io: Io): Promise<void> {
  const state = stateOf(flags, io);
  const silences = silencesOf(state);
  const { id: silence } = meantById(id, silences, { what: 'silence', lists: 'tripline silence list' });
  putCommand(
    state,
    { kind: 'unsilence', silence, by: nameOf(flags.by), why: flags.why ?? 'ended by hand' },
    Date.now(),
  );
  await io.stderr.write(`silence ${silence} ends; what it covers and is still bad is told\n`);
}
