import type { Notice } from '../../alerts/notice.ts';
import { createFragmentDecoder, createFragmentEncoder } from '../../infra/wire.ts';
import { Dictionary, FragmentBlock, FragmentKind, U } from '../../ingest/fragment.ts';
import { copyRows } from '../../ingest/fragment-log.ts';
import { Random } from '../../scenarios/random.ts';
import { type Comparison, compareLines, isSame, type Outcome } from './compare.ts';
import type { Due } from './feeder.ts';
import { type Fault, runWith } from './run.ts';

const SWAPPED_SHARE = 0.3;

/** What does not depend on when something was noticed: figures, rows of invocations, which incidents there are. */
const TIMELESS = ['invocations', 'function_minutes', 'rejects', 'runs'] as const;

/**
 * By function and signal: an onset is the first that was noticed, so it may differ by a moment, and the id with it. Which
 * functions are told together follows from when each was noticed, so a group counts as each of its functions.
 */
const incidentsOf = ({ alerts }: Outcome): string[] => {
  const notices = alerts.map((line) => JSON.parse(line) as Notice);
  const told = notices.flatMap(({ transition, event: { function: own, functions = [own], signal } }) => {
    const what = transition === 'reopened' ? 'opened' : transition;
    if (what !== 'opened' && what !== 'resolved') return [];
    return functions.map(({ account, name }) => `${account} ${name} ${signal} ${what}`);
  });
  return [...new Set(told)];
};

export function compareTimeless(expected: Outcome, found: Outcome): Comparison {
  const alerts = compareLines('incidents', incidentsOf(expected), incidentsOf(found));
  const tables = TIMELESS.map((name) => compareLines(name, expected.tables.get(name)!, found.tables.get(name)!));
  return { alerts, tables, isEqual: [alerts, ...tables].every(isSame) };
}

/** The rows between two ticks, from and to. */
type Span = readonly [from: number, to: number];

function spansOf({ u, n }: FragmentBlock): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (let i = 0; i <= n; i++) {
    if (i < n && (u[i * U.stride]! & 0xff) !== FragmentKind.tick) continue;
    spans.push([from, i]);
    from = i + 1;
  }
  return spans;
}

/**
 * Some neighbouring spans change places while the ticks stay: fragments come up to ten seconds of event time too early or
 * too late, across the tick that stood between them.
 */
function shuffle(record: Uint8Array, random: Random): { record: Uint8Array; count: number } {
  const dictionary = new Dictionary();
  const block = createFragmentDecoder(dictionary).decode(record, new FragmentBlock(dictionary));
  const spans = spansOf(block);
  const order = [...spans];
  let count = 0;
  for (let i = 0; i + 1 < spans.length; i++) {
    if (!random.chance(SWAPPED_SHARE)) continue;
    [order[i], order[i + 1]] = [spans[i + 1]!, spans[i]!];
    if (spans[i]![1] > spans[i]![0] || spans[i + 1]![1] > spans[i + 1]![0]) count++;
    i++; // nothing moves by more than one place
  }
  const result = new FragmentBlock(dictionary, block.n);
  for (const [i, [from, to]] of order.entries()) {
    copyRows(block, from, to - from, result, result.n);
    result.n += to - from;
    const tick = spans[i]![1];
    if (tick < block.n) copyRows(block, tick, 1, result, result.n++);
  }
  return { record: createFragmentEncoder().encode(result), count };
}

function shuffled(records: readonly Due[], random: Random): { records: Due[]; count: number } {
  let count = 0;
  const all = records.map((due) => {
    if (due.topic !== 'fragments') return due;
    const { record, count: swapped } = shuffle(due.record, random);
    count += swapped;
    return { ...due, record };
  });
  return { records: all, count };
}

export const ORDER_FAULT: Fault = {
  name: 'out-of-order deliveries',
  async run(lab, reference) {
    const { records, count } = shuffled(reference.records, new Random(lab.seed, 'swapped'));
    const { outcome } = await runWith(lab, { name: this.name, records });
    const injected = `${count} pairs of ten-second pieces changed places; incidents and figures compared`;
    return { injected, comparison: compareTimeless(reference.outcome, outcome) };
  },
};
