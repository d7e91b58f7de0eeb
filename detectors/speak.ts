import { PRIORS } from '../models/priors/priors.ts';
import type { Decision } from './decision.ts';
import { historyOf } from './history.ts';
import { incidentAt } from './incident.ts';
import { loggedIn } from './log-groups.ts';
import { EPOCH_MINUTE, I, P, PAGE, Q, TYPES_KEPT } from './page.ts';
import { plannedNote } from './planned.ts';
import type { Shard } from './shard.ts';
import { FAMILIES, FAMILY } from './signals/signal.ts';
import { noteSaid, splitFor } from './versions/look.ts';
import type { VersionSplit } from './versions/split.ts';

/** After an incident of failures, their types are no news any more. */
export function rememberType(shard: Shard, page: number): void {
  const { pages, words } = shard;
  if (pages[page + P.newType] === 0) return;
  const count = pages[page + P.typeCount]!;
  words[page + P.types + (count % TYPES_KEPT)] = words[page + P.newType + 2]!;
  pages[page + P.typeCount] = count + 1;
  pages[page + P.newType] = 0;
  words[page + P.newType + 2] = 0;
}

/** Whether what is usual elsewhere outweighs its own history. */
function isYoung(shard: Shard, page: number): boolean {
  return Math.round(shard.pages[page + P.levelMinutes]!) < shard.options.settings.warmupWindows;
}

/** How much of a young function is its own: said with every verdict on it. */
function learning(shard: Shard, page: number): string {
  const learnt = Math.round(shard.pages[page + P.levelMinutes]!);
  const { warmupWindows } = shard.options.settings;
  return !isYoung(shard, page) ? '' : `; learning ${learnt} of ${warmupWindows}: judged by what is usual elsewhere`;
}

/** Before a day was learnt, no hour of it is known. */
const DAY = 1440;

/** `14:00 to 15:00 Europe/Berlin on weekdays`: what the rates that are expected now are of. */
function clockOf({ view, options }: Shard): string {
  const { hour, weekend } = view.time.now;
  const clock = (h: number) => `${String(h % 24).padStart(2, '0')}:00`;
  return `${clock(hour)} to ${clock(hour + 1)} ${options.settings.timeZone} on ${weekend === 1 ? 'weekends' : 'weekdays'}`;
}

/** Whether an open incident was announced under a planned event, as `info`. */
function beganPlanned(shard: Shard, slot: number, family: number): boolean {
  const opened = shard.pages[incidentAt(slot * PAGE, family) + I.opened]!;
  return plannedNote(shard, slot, opened, family) !== null;
}

/** Gives a decision its names, times and evidence, and lines it up for the fleet stage. */
export function speak(shard: Shard, slot: number, decision: Decision, atMs: number): void {
  const { view } = shard;
  const page = slot * PAGE;
  const { finding } = decision;
  const note = decision.event === 'resolved' ? null : plannedNote(shard, slot, view.minute, decision.family);
  if (note !== null) {
    // severity as said: what goes on when the event is over is then said to have risen. What was said before the event keeps its own
    if (decision.family < FAMILIES && beganPlanned(shard, slot, decision.family)) {
      shard.pages[incidentAt(page, decision.family) + I.level] = 0;
    }
    if (decision.event === 'updated') return;
  }
  const horizon = finding?.horizon ?? 0;
  const ms = (minute: number) => (minute + EPOCH_MINUTE) * 60_000;
  const evidence = shard.evidence.since(slot, ms(decision.onset));
  const split = splitOf(shard, slot, decision);
  const isOfHours = decision.event !== 'resolved' && decision.family !== FAMILY.slow;
  const history = isOfHours ? historyOf(view, shard.graded, decision.signal) : null;
  const type = shard.texts.get(shard.words[page + P.newType + 2]!);
  shard.verdicts.push({
    event: decision.event,
    fn: shard.keys[slot]!,
    version: shard.texts.get(shard.words[page + P.version]!) ?? null,
    ...loggedIn(shard, slot),
    atMs,
    onsetMs: ms(decision.onset),
    endedMs: decision.ended === null ? null : ms(decision.ended),
    family: decision.family,
    signal: decision.signal,
    severity: note === null ? decision.severity : 'info',
    finding,
    related: decision.related,
    windowsLearnt: Math.round(shard.pages[page + P.levelMinutes]!),
    usdPerHour: decision.usdPerHour,
    invocations: finding === null ? null : view.get(horizon, Q.n),
    bytes: finding !== null && view.get(horizon, Q.en) > 0 ? view.get(horizon, Q.bytes) : null,
    ids:
      decision.family === FAMILY.silence
        ? { failed: [], slowest: [], sending: [] }
        : { failed: [...evidence.failed], slowest: [...evidence.slow], sending: [...evidence.sending] },
    rule:
      decision.event === 'resolved'
        ? decision.rule
        : `${decision.rule}${learning(shard, page)}${note === null ? '' : `; planned: ${note}`}`,
    detail: decision.signal === 'error_type' && type !== undefined ? `error-type:${type}` : null,
    ...(shard.pages[page + P.levelMinutes]! >= DAY ? { usualAt: clockOf(shard) } : {}),
    ...(isYoung(shard, page) && finding !== null ? { priors: PRIORS.version } : {}),
    ...(split === null ? {} : { split }),
    ...(history === null ? {} : { history }),
  });
  if (decision.event === 'resolved' && decision.family === FAMILY.failure) rememberType(shard, page);
}

/** The version an incident is put down to, said once of each version and signal. */
function splitOf(shard: Shard, slot: number, { event, finding, onset }: Decision): VersionSplit | null {
  if (finding === null || event === 'resolved') return null;
  const split = finding.split ?? splitFor(shard, slot, finding.signal, onset);
  if (split !== null && split.claim !== 'alike') noteSaid(shard, slot, finding.signal);
  return split;
}
