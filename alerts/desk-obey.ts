import type { Book } from './desk-book.ts';
import type { DeskCommand, Silence } from './desk-commands.ts';
import { isOpen } from './desk-incident.ts';
import { matches } from './desk-match.ts';
import { iso } from './desk-said.ts';
import type { Teller } from './desk-teller.ts';

type Command<K extends DeskCommand['kind']> = Extract<DeskCommand, { kind: K }>;
type Obeyed = Exclude<DeskCommand['kind'], 'settings' | 'history'>;

/** Silences at a time. */
const MOST_SILENCES = 1000;

/** Carries out what somebody asked for, or says why not. */
export function obey(command: Command<Obeyed>, book: Book, teller: Teller, atMs: number): void {
  const why = DOES[command.kind](command as never, book, teller, atMs);
  if (why !== null) teller.said.push({ entry: { kind: 'refused', command: command.kind, why } });
}

const DOES: {
  readonly [K in Obeyed]: (command: Command<K>, book: Book, teller: Teller, atMs: number) => string | null;
} = { ack, label, silence, unsilence, resend };

function ack({ incident: id, by, note }: Command<'ack'>, book: Book, teller: Teller, atMs: number): string | null {
  const incident = book.byId(id);
  if (incident === undefined) return `no incident ${id} is known`;
  if (incident.status === 'acknowledged') return null;
  if (incident.status !== 'open') return `incident ${id} is ${incident.status}`;
  incident.status = 'acknowledged';
  incident.acknowledged = { by, note, atMs };
  const reason = note === '' ? `${by} is on it` : note;
  teller.tellQuietly(incident, 'acknowledged', atMs, reason, by);
  teller.log(incident, 'acknowledged', atMs, reason, by);
  book.touch(incident);
  return null;
}

/** Of what is forgotten too: it is for tuning. */
function label(command: Command<'label'>, book: Book, teller: Teller, nowMs: number): null {
  const { incident: id, label: value, by, note, atMs = nowMs } = command;
  const known = book.known(id);
  const set = { value, by, note, atMs };
  if (known !== undefined && 'seq' in known) known.label = set;
  else if (known !== undefined) book.relabel(known, set);
  const event = known?.event ?? null;
  teller.said.push({ entry: { kind: 'label', incident_id: id, label: value, at: iso(atMs), by, note, event } });
  return null;
}

function logSilence(
  teller: Teller,
  it: Silence,
  change: 'added' | 'expired' | 'ended',
  atMs: number,
  by: string,
  why: string,
) {
  const { id: silence_id, untilMs, match } = it;
  const entry = {
    kind: 'silence',
    silence_id,
    change,
    at: iso(atMs),
    until: iso(untilMs),
    by,
    why,
    match: { ...match },
  } as const;
  teller.said.push({ entry });
}

function silence(
  { silence: it, atMs: givenMs }: Command<'silence'>,
  book: Book,
  teller: Teller,
  atMs: number,
): string | null {
  if (it.untilMs <= atMs) return `silence ${it.id} would be over already`;
  if (teller.silences.size >= MOST_SILENCES) return `there are ${MOST_SILENCES} silences already`;
  if (teller.silences.has(it.id)) return `there is a silence ${it.id} already`;
  teller.silences.set(it.id, it);
  logSilence(teller, it, 'added', givenMs ?? atMs, it.by, it.why);
  for (const incident of book.all()) {
    if (!isOpen(incident) || incident.silence !== null || !matches(it.match, incident.event, 'every')) continue;
    teller.silence(incident, it, atMs);
    book.touch(incident);
  }
  return null;
}

/** What it covered and is still bad is told again, unless another silence covers it. */
function unsilence(
  { silence: id, by, why }: Command<'unsilence'>,
  book: Book,
  teller: Teller,
  atMs: number,
): string | null {
  const ended = teller.silences.get(id);
  if (ended === undefined) return `there is no silence ${id}`;
  teller.silences.delete(id);
  logSilence(teller, ended, atMs >= ended.untilMs ? 'expired' : 'ended', atMs, by, why);
  for (const incident of book.all()) {
    if (incident.silence !== id) continue;
    incident.silence = null;
    if (isOpen(incident) && incident.resolveMs === null) {
      const reason = `it is still bad now that silence ${id} is over`;
      teller.log(incident, 'unsilenced', atMs, reason, by);
      teller.announce(incident, incident.version === 0 ? 'opened' : 'renotified', atMs, reason);
    }
    book.touch(incident);
  }
  return null;
}

/** For the destinations, in its place among the notices. */
function resend({ id: _id, atMs: _atMs, ...entry }: Command<'resend'>, _book: Book, teller: Teller): null {
  teller.said.push({ entry });
  return null;
}
