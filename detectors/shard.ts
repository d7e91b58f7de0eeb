import type { Dictionary } from '../ingest/fragment.ts';
import type { Prices } from '../ingest/pricing.ts';
import type { LearnedModel } from '../models/learned/artifact.ts';
import { ALL_PARTS, type Parts } from './ablation.ts';
import { type Bounds, boundsOf, DEFAULT_FUNCTIONS, type Dropped, functionsPerShard } from './bounds.ts';
import { Cells, HistogramNodes } from './cells.ts';
import type { Deploys } from './deploys.ts';
import { Evidence } from './evidence.ts';
import { hashText } from './keys.ts';
import { LearnedJudge, type LearnedState } from './learned.ts';
import { P, PAGE } from './page.ts';
import { Plans } from './plans.ts';
import type { FunctionMinuteRow, InvocationRow, ScoreRow } from './records.ts';
import type { GradeTime } from './ring.ts';
import { SeenEvents } from './seen.ts';
import type { DetectionSettings } from './settings.ts';
import { forgetTexts, LEAST_TEXTS } from './texts.ts';
import type { Verdict } from './verdict.ts';
import { Observations } from './versions/observation.ts';
import { WindowView } from './window-view.ts';

/** 256 virtual shards: state, order and snapshots belong to one; threads and partitions only host them. */
export const SHARDS = 256;

/** FNV-1a over UTF-16 units: the same function is in the same shard everywhere, for ever. */
export function shardOf(functionKey: string): number {
  const hash = hashText(functionKey);
  return ((hash >>> 24) ^ (hash >>> 16) ^ (hash >>> 8) ^ hash) & (SHARDS - 1);
}

export interface ShardOptions {
  readonly settings: DetectionSettings;
  /** what an invocation of a function costs, by its key */
  readonly pricesOf: (fn: string) => Prices;
  /** what was deployed; absent or null = nobody tells */
  readonly deploys?: Deploys | null;
  readonly invocations: 'all' | 'notable' | 'none';
  /** produce minutes and scores for storage */
  readonly records: boolean;
  /** functions that this shard may know: `functionsPerShard`. Not part of what detection means: only a flood meets it */
  readonly maxFunctions?: number;
  /** parts left out by the ablation bench; default: none */
  readonly parts?: Parts;
}

/** Longest generation of remembered events: what is in use at a time then stays in the processor's cache. */
const SEEN_SPAN_MS = 600_000;

/** How far a START may stand from the report that came without it, and still be known for its own, ms. */
export const LONE_SPAN_MS = 900_000;

const GROWTH = 1.0625;

/** An invocation on its way to storage: filled by the fragments that tell of it. */
export type PendingInvocation = { -readonly [K in keyof InvocationRow]: InvocationRow[K] } & {
  /** pieces beyond the lateness, whose report has not come again: no row of its own */
  isTooLate?: true;
};

/** A START that waits for its REPORT. */
export interface PendingStart {
  readonly timeMs: number;
  readonly version: string;
}

/** Sums over all functions of a shard for one graded minute and account: what the fleet stage sees holes by. */
export interface Pulse {
  readonly account: string;
  expected: number;
  observed: number;
  functions: number;
}

/** All that a shard remembers, and what it has to say since it was last asked. No behaviour: see intake, grade, early. */
export class Shard {
  readonly options: ShardOptions;
  readonly number: number;
  /** one page a function, contiguous; `words` is the same memory */
  pages = new Float32Array(0);
  words = new Uint32Array(0);
  /** name by slot; empty where a function was forgotten */
  readonly keys: string[] = [];
  /** slots of functions that were forgotten, the next to be used last */
  free: number[] = [];
  /** what request ids are mixed with, by slot: the same for a function that comes back in another slot */
  salts = new Int32Array(0);
  readonly accounts: string[] = [];
  readonly prices: Prices[] = [];
  readonly slots = new Map<string, number>();
  readonly #accountNames = new Map<string, string>();
  /** number of the version last seen of each function, in the dictionary it came with: most calls repeat it */
  versionOf = new Int32Array(0);
  versionSource: Dictionary | null = null;
  /** functions whose newest version is under observation: 1 + number of the record, 0 = none; and that version's number in its dictionary */
  observed = new Int32Array(0);
  watched = new Int32Array(0);
  readonly observations = new Observations();
  /** first open cell of each function, -1 = none */
  cellOf = new Int32Array(0);
  /** functions that are graded every minute; a dormant one is left out until it is called again */
  awake: number[] = [];
  isAwake = new Uint8Array(0);
  readonly cells = new Cells();
  readonly histograms = new HistogramNodes();
  readonly reports: SeenEvents;
  /** other events that count: insights, failures and access lines */
  readonly lines: SeenEvents;
  /** request id → the failure that was counted for it: its time and kinds, see failures.ts */
  readonly failures = new Map<number, number>();
  readonly starts = new Map<number, PendingStart>();
  /** ids of reports that came without their START, so that a START that comes later is not taken for lost */
  readonly loneReports: SeenEvents;
  readonly pending = new Map<number, PendingInvocation>();
  /** attempts whose row is in storage: a piece that comes after it makes no row of its own */
  readonly released: SeenEvents;
  readonly evidence = new Evidence();
  /** when each function last said that log records were lost, ms */
  readonly droppedAt = new Map<number, number>();
  /** versions, error types: text of the hashes in pages */
  readonly texts = new Map<number, string>();
  /** log groups of functions that write elsewhere than to `/aws/lambda/NAME`, by slot: most are not here */
  readonly logGroups = new Map<number, string>();
  /** texts at which those that nothing names any more are looked for, see texts.ts */
  textsAtMost = LEAST_TEXTS;
  readonly view = new WindowView();
  /** what the operator knows of beforehand */
  readonly plans: Plans;
  /** the learned model, null = none is loaded: then it costs nothing */
  learned: LearnedJudge | null = null;
  /** what a restored state says of a model that is not loaded yet */
  learnedState: LearnedState | null = null;
  /** hears of each graded window with calls, for training; null = nobody listens */
  rowSink: ((shard: Shard, slot: number) => void) | null = null;
  /** minute of the first event of the whole source */
  sourceStart = Number.NaN;
  /** calendar of a minute; set by the engine that hosts the shard */
  timeOf: (minute: number) => GradeTime = () => {
    throw new Error('shard is not hosted');
  };
  /** last graded minute (since 2020), NaN before the first */
  graded = Number.NaN;
  // what came out
  verdicts: Verdict[] = [];
  /** windows tested since it was last asked: functions × signals × horizons */
  tested = 0;
  minutes: FunctionMinuteRow[] = [];
  invocations: InvocationRow[] = [];
  scores: ScoreRow[] = [];
  pulses = new Map<string, Pulse>();
  // totals
  calls = 0;
  duplicates = 0;
  late = 0;
  tooLate = 0;
  partial = 0;
  readonly dropped: Dropped = { functions: 0, attempts: 0, rows: 0, windows: 0, unsaid: 0 };
  /** announcements of each kind in the hour that `spokenHour` names */
  readonly spoken = new Map<string, number>();
  spokenHour = -1;
  readonly bounds: Bounds;

  constructor(number: number, options: ShardOptions) {
    this.number = number;
    this.options = options;
    this.plans = new Plans(options.settings.planned);
    this.view.parts = options.parts ?? ALL_PARTS;
    const span = Math.max(60_000, Math.min(SEEN_SPAN_MS, Math.ceil(options.settings.latenessMs / 8 / 60_000) * 60_000));
    this.bounds = boundsOf(options.maxFunctions ?? functionsPerShard(DEFAULT_FUNCTIONS));
    const { events } = this.bounds;
    this.reports = new SeenEvents(span, events);
    this.lines = new SeenEvents(span, events);
    this.loneReports = new SeenEvents(LONE_SPAN_MS, events);
    this.released = new SeenEvents(LONE_SPAN_MS, events);
  }

  /** The slot of a function, made on first sight: whoever may meet the bound makes room first, see evict.ts. */
  slotOf(key: string): number {
    const known = this.slots.get(key);
    if (known !== undefined) return known;
    const slot = this.free.pop() ?? this.keys.length;
    this.place(slot, key);
    return slot;
  }

  /** Puts a function into a slot that nobody is in. */
  place(slot: number, key: string): void {
    this.keys[slot] = key;
    this.prices[slot] = this.options.pricesOf(key);
    this.accounts[slot] = this.#account(key.split('/', 2).join('/'));
    this.slots.set(key, slot);
    if ((slot + 1) * PAGE > this.pages.length) this.grow(slot + 1);
    this.salts[slot] = hashText(key);
    this.cellOf[slot] = -1;
    this.pages[slot * PAGE + P.firstSeen] = Number.NaN;
    this.pages[slot * PAGE + P.slowBar] = Number.POSITIVE_INFINITY;
  }

  /** Nobody is in this slot any more. */
  vacate(slot: number): void {
    this.slots.delete(this.keys[slot]!);
    this.keys[slot] = '';
    this.accounts[slot] = '';
    this.versionOf[slot] = 0;
    this.isAwake[slot] = 0;
    this.pages[slot * PAGE + P.firstSeen] = Number.NaN;
    this.free.push(slot);
  }

  /** One string an account, however many functions it has. */
  #account(account: string): string {
    if (this.#accountNames.size > this.bounds.functions) this.#accountNames.clear();
    const known = this.#accountNames.get(account);
    if (known !== undefined) return known;
    this.#accountNames.set(account, account);
    return account;
  }

  /** Room for `functions` and a sixteenth more, so that copying is rare and waste small. */
  grow(functions: number): void {
    const room = Math.ceil(functions * GROWTH) + 1;
    const pages = new Float32Array(room * PAGE);
    pages.set(this.pages);
    this.pages = pages;
    this.words = new Uint32Array(pages.buffer);
    const cellOf = new Int32Array(room);
    cellOf.set(this.cellOf);
    this.cellOf = cellOf;
    const versionOf = new Int32Array(room);
    versionOf.set(this.versionOf);
    this.versionOf = versionOf;
    const observed = new Int32Array(room);
    observed.set(this.observed);
    this.observed = observed;
    const watched = new Int32Array(room);
    watched.set(this.watched);
    this.watched = watched;
    const salts = new Int32Array(room);
    salts.set(this.salts);
    this.salts = salts;
    const isAwake = new Uint8Array(room);
    isAwake.set(this.isAwake);
    this.isAwake = isAwake;
  }

  /** Remembers a text by a 32-bit hash that fits into a page; 0 is no text. */
  hash(text: string): number {
    if (text === '') return 0;
    const word = hashText(text) || 1;
    if (!this.texts.has(word)) {
      if (this.texts.size >= this.textsAtMost) forgetTexts(this);
      this.texts.set(word, text);
    }
    return word;
  }

  /** Loads a model, or with null lets go of it. What is known of functions stays if it is the same model. */
  setModel(model: LearnedModel | null): void {
    const state = this.learned?.state(this.keys.length) ?? this.learnedState;
    this.learnedState = null;
    const isOff = this.options.settings.disabledSignals.includes('pattern');
    this.learned = model === null || isOff ? null : new LearnedJudge(model, state);
  }

  /** What has been said since the last call. */
  take(): { verdicts: Verdict[]; minutes: FunctionMinuteRow[]; invocations: InvocationRow[]; scores: ScoreRow[] } {
    const { verdicts, minutes, invocations, scores } = this;
    this.verdicts = [];
    this.minutes = [];
    this.invocations = [];
    this.scores = [];
    return { verdicts, minutes, invocations, scores };
  }
}
