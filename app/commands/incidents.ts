import { userInfo } from 'node:os';
import { Command } from 'commander';
import { LABELS, type Label } from '../../alerts/desk-commands.ts';
import { TextTable } from '../../infra/table-text.ts';
import { putCommand } from '../commands-folder.ts';
import { CONFIG_FLAG, configFileOf, stateFolderOf } from '../config-file.ts';
import { type IncidentShown, type IncidentsView, readDeskView } from '../desk-view.ts';
import { meantById } from '../incident-ids.ts';
import { InputError, type Io, UsageError } from '../io.ts';
import { terminalWidth } from '../store-output.ts';
import { count, plural, shown } from '../style.ts';

interface Flags {
  readonly config?: string;
  readonly by?: string;
  readonly note?: string;
  readonly all?: true;
  readonly json?: true;
}

export const stateOf = (flags: { readonly config?: string }, io: Io): string =>
  stateFolderOf(configFileOf(flags, io), io.env);

export const nameOf = (by: string | undefined): string => by ?? userInfo().username;

const TAKEN = 'a running tripline takes it within seconds, else the next one that starts does';
const ID_LENGTH = 16;

/**
 * The incident that an id, or the beginning of one, means. @throws {InputError} where it means none, or several
 */
function incidentOf(state: string, id: string): IncidentShown {
  const view = readDeskView<IncidentsView>(state, 'incidents');
  if (view === null)
    throw new InputError(`no incidents in ${shown(state)}: tripline run, or tripline notify, has not been there yet`);
  const known = [...view.incidents, ...view.closed];
  const also = (it: IncidentShown) => shown(it.function);
  return meantById(id, known, { what: 'incident', lists: 'tripline incidents --all', also });
}

const ACK_HELP = `
ALERT is an id, or its beginning where it is the only one. Until it ends, or opens again, it is not told again for being open;
what gets worse still is.

Examples:
  $ tripline ack 117b06d5 --note "rolling back"

Exit codes: 0 asked for, 1 no such incident, 2 wrong usage.
`;

export function ackCommand(io: Io): Command {
  return new Command('ack')
    .description('say that somebody is on an incident')
    .argument('<alert>', 'id of the incident, or its beginning')
    .option('--by <name>', 'who; default: the user of this terminal')
    .option('--note <text>', 'what is done about it: shown to the others')
    .option(...CONFIG_FLAG)
    .addHelpText('after', ACK_HELP)
    .action(async (id: string, flags: Flags) => {
      const state = stateOf(flags, io);
      const incident = incidentOf(state, id);
      if (incident.status !== 'open')
        throw new InputError(`incident ${incident.id} is ${incident.status}: only what is open can be acknowledged`);
      putCommand(
        state,
        { kind: 'ack', incident: incident.id, by: nameOf(flags.by), note: flags.note ?? '' },
        Date.now(),
      );
      await io.stderr.write(`${incident.id}: ${incident.text}\nacknowledged by ${nameOf(flags.by)}; ${TAKEN}\n`);
    });
}

const LABEL_HELP = `
true     it was right to say this
false    it was not: there was nothing, or nothing that matters
planned  it was right, but somebody meant it: a load test, a migration

Labels are kept with the incident and handed to the store, for tuning. An incident can be labelled after it is over.

Exit codes: 0 asked for, 1 no such incident, 2 wrong usage.
`;

export function labelCommand(io: Io): Command {
  return new Command('label')
    .description('say whether an alert was right')
    .argument('<alert>', 'id of the incident, or its beginning')
    .argument('<label>', LABELS.join(', '))
    .option('--by <name>', 'who; default: the user of this terminal')
    .option('--note <text>', 'why')
    .option(...CONFIG_FLAG)
    .addHelpText('after', LABEL_HELP)
    .action(async (id: string, label: string, flags: Flags) => {
      if (!LABELS.includes(label as Label)) throw new UsageError(`${shown(label)} is no label: ${LABELS.join(', ')}`);
      const state = stateOf(flags, io);
      const { id: incident } = incidentOf(state, id);
      const by = nameOf(flags.by);
      putCommand(state, { kind: 'label', incident, label: label as Label, by, note: flags.note ?? '' }, Date.now());
      await io.stderr.write(`${incident} labelled ${label} by ${by}; ${TAKEN}\n`);
    });
}

const INCIDENTS_HELP = `
What the running tripline, or the last one, knows: what was told alone, then the worst. not told: no route led anywhere, or
it is covered by a silence. in a digest: told with others, in a storm.

Exit codes: 0 done, 1 no tripline has run there, 2 wrong usage.
`;

export function incidentsCommand(io: Io): Command {
  return new Command('incidents')
    .description('list what is open now')
    .option('--all', 'every row; and what is over, too, newest first')
    .option('--json', 'one JSON object a line')
    .option(...CONFIG_FLAG)
    .addHelpText('after', INCIDENTS_HELP)
    .action((flags: Flags) => listIncidents(flags, io));
}

async function listIncidents(flags: Flags, io: Io): Promise<void> {
  const state = stateOf(flags, io);
  const view = readDeskView<IncidentsView>(state, 'incidents');
  if (view === null)
    throw new InputError(`no incidents in ${shown(state)}: tripline run, or tripline notify, has not been there yet`);
  const listed = flags.all === true ? [...view.incidents, ...view.closed] : view.incidents;
  if (flags.json === true) {
    await io.stdout.write(listed.map((it) => `${JSON.stringify(it)}\n`).join(''));
    return;
  }
  await io.stdout.write(`${tableOf(listed, view, flags.all === true, terminalWidth(io)).join('\n')}\n`);
}

/** Of a storm a screen or two are shown, unless asked. */
const MOST_ROWS = 100;

function footOf(rows: number, { open, in_digests, not_followed, at }: IncidentsView): string {
  const parts = [`${plural(open, 'incident')} open${at === null ? ': nothing was heard yet' : ` at ${at}`}`];
  if (in_digests > 0) parts.push(`${count(in_digests)} of them told in a digest`);
  if (rows < open) parts.push(`${count(rows)} are shown`);
  if (not_followed > 0) parts.push(`${plural(not_followed, 'opening')} could not be followed, only counted`);
  return parts.join('; ');
}

function tableOf(found: readonly IncidentShown[], view: IncidentsView, isAll: boolean, width: number | null): string[] {
  const listed = isAll ? found : found.slice(0, MOST_ROWS);
  const foot = footOf(Math.min(listed.length, view.incidents.length), view);
  if (listed.length === 0) return [foot];
  const table = new TextTable(
    [
      { name: 'id', align: 'left' },
      { name: 'status', align: 'left' },
      { name: 'severity', align: 'left' },
      { name: 'function', align: 'left' },
      { name: 'since (UTC)', align: 'left' },
      { name: 'what', align: 'left' },
    ],
    width,
  );
  const rows = listed.map((it) => [
    it.id.slice(0, ID_LENGTH),
    statusOf(it),
    it.severity,
    it.functions > 1 ? `${shown(it.function)} +${it.functions - 1}` : shown(it.function),
    it.started_at.slice(0, 16).replace('T', ' '),
    shown(it.text),
  ]);
  return [...table.lines(rows), '', foot];
}

function statusOf({ status, silence, acknowledged_by, opened_at, in_digest }: IncidentShown): string {
  if (silence !== null) return `silenced ${silence}`;
  if (acknowledged_by !== null) return `ack ${shown(acknowledged_by)}`;
  if (in_digest) return 'in a digest';
  return status === 'open' && opened_at === null ? 'not told' : status;
}
