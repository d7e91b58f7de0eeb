import { TAIL } from '../models/learned/error-tail.ts';
import { C } from './cells.ts';
import { endSlow } from './creep.ts';
import { closeForgotten } from './follow.ts';
import { incidentAt } from './incident.ts';
import { cutRow, dropCells, openCells } from './open-windows.ts';
import { EPOCH_MINUTE, I, P, PAGE } from './page.ts';
import { releaseOf } from './pending.ts';
import type { Shard } from './shard.ts';
import { FAMILIES } from './signals/signal.ts';
import { speak } from './speak.ts';
import { endObservation } from './versions/observe.ts';

const DAY = 1440;
/** Functions forgotten at a time: finding them costs a look at all. */
const BATCH = 1 / 16;
/** Functions with an open incident are kept while they hold no more than this part of the shard. */
const INCIDENTS = 1 / 2;
/** A function is idle beyond three days, or three times its own longest gap; each so many idle days halve its worth once. */
const IDLE_AFTER = 3 * DAY;
const IDLE_DAYS = 3;

interface Ranked {
  readonly slot: number;
  readonly worth: number;
  readonly heard: number;
  readonly hasIncident: boolean;
}

/**
 * Makes room for a function in a shard that is full: forgets the sixteenth that is worth least. Depends on nothing but the
 * state, so it is the same wherever the stream was cut. Returns the names that were forgotten. About 0.5 µs a function known.
 */
export function makeRoom(shard: Shard): string[] {
  const { functions } = shard.bounds;
  const batch = Math.max(1, Math.floor(functions * BATCH));
  const ranked = rank(shard);
  const slots = ranked.slice(0, batch).map(({ slot }) => slot);
  const names = slots.map((slot) => shard.keys[slot]!);
  shard.dropped.functions += slots.length;
  releaseOf(shard, new Set(names));
  for (const slot of slots) forget(shard, slot);
  shard.awake = shard.awake.filter((slot) => shard.isAwake[slot] === 1);
  return names;
}

/** All functions, least worth first. */
function rank(shard: Shard): Ranked[] {
  const known: Ranked[] = [];
  for (const slot of shard.slots.values()) known.push(look(shard, slot));
  known.sort((a, b) => a.worth - b.worth || a.heard - b.heard || a.slot - b.slot);
  const withIncident = known.filter(({ hasIncident }) => hasIncident);
  const most = Math.floor(shard.bounds.functions * INCIDENTS);
  const kept = new Set(most === 0 ? [] : withIncident.slice(-most));
  return [...known.filter((it) => !kept.has(it)), ...known.filter((it) => kept.has(it))];
}

/**
 * What a function is worth: how often it was called and over how many days it was heard of, less what it has been idle beyond
 * its own habit. A made-up name has a few calls in a moment; a monthly job has few, but is known for months and its gap is its
 * habit; what was called millions of times and is gone for months is worth nothing. That a function was called just now is no
 * merit: that is what all names of a flood have in common.
 */
function look(shard: Shard, slot: number): Ranked {
  const { pages } = shard;
  const page = slot * PAGE;
  let calls = pages[page + P.total]!;
  let first = pages[page + P.firstSeen]!;
  let heard = pages[page + P.lastSeen]!;
  for (const at of openCells(shard, slot)) {
    const minute = shard.cells.values[at + C.minute]!;
    calls += shard.cells.values[at + C.n]!;
    first = minute < first || Number.isNaN(first) ? minute : first;
    heard = Math.max(heard, minute);
  }
  const days = Math.max(0, heard - first) / DAY || 0;
  const unheard = Math.max(0, shard.graded - heard) || 0;
  const idle = Math.max(0, unheard - Math.max(IDLE_AFTER, 3 * pages[page + P.longestGap]!)) / DAY;
  let hasIncident = false;
  for (let family = 0; family < FAMILIES; family++) {
    hasIncident ||= pages[incidentAt(page, family) + I.open] !== 0;
  }
  return { slot, worth: Math.log2(1 + calls) + Math.log2(1 + days) - idle / IDLE_DAYS, heard, hasIncident };
}

/** Nothing of the function stays here; what it has in windows that are still open goes to storage. */
function forget(shard: Shard, slot: number): void {
  const page = slot * PAGE;
  close(shard, slot);
  const open = openCells(shard, slot).sort(
    (a, b) => shard.cells.values[a + C.minute]! - shard.cells.values[b + C.minute]!,
  );
  for (const at of open) cutRow(shard, at, slot);
  dropCells(shard, slot);
  endObservation(shard, slot);
  shard.evidence.forget(slot);
  shard.droppedAt.delete(slot);
  shard.logGroups.delete(slot);
  shard.learned?.forget(slot);
  shard.learnedState?.tails.fill(0, slot * TAIL, (slot + 1) * TAIL);
  shard.pages.fill(0, page, page + PAGE);
  shard.vacate(slot);
}

/** Whatever was open is over: nobody would ever hear of it again. */
function close(shard: Shard, slot: number): void {
  const page = slot * PAGE;
  if (Number.isNaN(shard.graded)) return;
  const { view, pages } = shard;
  const atMs = (shard.graded + 1 + EPOCH_MINUTE) * 60_000;
  view.load(pages, page, shard.timeOf(shard.graded));
  endSlow(shard, slot, FORGOTTEN, atMs);
  for (let family = 0; family < FAMILIES; family++) {
    if (pages[incidentAt(page, family) + I.open] === 0) continue;
    for (const decision of closeForgotten(view, family, FORGOTTEN)) speak(shard, slot, decision, atMs);
  }
}

const FORGOTTEN = 'the function was forgotten to make room for others: more are known than the bound allows';
