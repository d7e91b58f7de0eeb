import type { Engine } from '../detectors/engine.ts';
import { EPOCH_MINUTE, PAGE } from '../detectors/page.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { shardOf } from '../detectors/shard.ts';
import { Dictionary, F, Flag, FragmentBlock, FragmentKind, functionKey, U } from '../ingest/fragment.ts';
import { uuidText } from '../ingest/request-id.ts';
import { Random } from '../scenarios/random.ts';

export const TEMPLATES = 16;
export const LEARNT_DAYS = 14;
/** A Monday, midnight: after 14 days the ring and the calendar stand as they did at the start. */
const START_MS = Date.UTC(2026, 10, 2);
const MINUTE_MS = 60_000;
const TICK_MS = 10_000;
const GRADE_DELAY_MS = DEFAULT_SETTINGS.gradeDelayMs;
const MEMORY_KIB = 512 * 1024;
/** Rows that one call can need besides ticks. */
const ROWS_A_CALL = 3;

/** Fragments of functions that each have calls in a minute, in shuffled order: what hits every page and no cache. */
export class Traffic {
  readonly keys: readonly string[];
  readonly #order: Int32Array;
  readonly #random: Random;
  readonly #block: FragmentBlock;
  readonly #numbers: Uint32Array;
  readonly #version: number;
  readonly #errorType: number;
  readonly #step: (block: FragmentBlock) => void;
  #nextTickMs = Number.NaN;

  /** @param step is handed blocks; the block is the same each time */
  constructor(functions: number, seed: number, step: (block: FragmentBlock) => void) {
    this.#random = new Random('footprint', seed);
    this.#step = step;
    const dictionary = new Dictionary();
    this.#block = new FragmentBlock(dictionary);
    this.keys = Array.from({ length: functions }, (_, i) => {
      const account = String(100_000_000_000 + (i % 10));
      return functionKey({ provider: 'aws', account, region: 'eu-west-1', name: `team-${i % 97}-orders-service-${i}` });
    });
    this.#numbers = Uint32Array.from(this.keys, (key) => dictionary.id(key));
    this.#version = dictionary.id('$LATEST');
    this.#errorType = dictionary.id('TypeError');
    this.#order = Int32Array.from({ length: functions }, (_, i) => i);
    for (let i = functions - 1; i > 0; i--) {
      const other = this.#random.integer(0, i);
      const kept = this.#order[i]!;
      this.#order[i] = this.#order[other]!;
      this.#order[other] = kept;
    }
  }

  /** Each function is called `callsOf()` times; a tick every 10 s. */
  minute(startMs: number, callsOf: (random: Random) => number): void {
    const functions = this.#order.length;
    if (Number.isNaN(this.#nextTickMs)) this.#nextTickMs = startMs;
    for (let i = 0; i < functions; i++) {
      const timeMs = startMs + Math.floor((MINUTE_MS * i) / functions);
      for (; this.#nextTickMs <= timeMs; this.#nextTickMs += TICK_MS) this.#tick(this.#nextTickMs);
      for (let calls = callsOf(this.#random); calls > 0; calls--) this.#call(this.#order[i]!, timeMs);
    }
    this.flush();
  }

  flush(): void {
    if (this.#block.n > 0) this.#step(this.#block);
    this.#block.n = 0;
  }

  #tick(timeMs: number): void {
    this.#row(FragmentKind.tick, 0, timeMs);
  }

  /** A report with its START, the bytes that Insights tells of it, and at times a status. */
  #call(fn: number, timeMs: number): void {
    if (this.#block.n + ROWS_A_CALL > this.#block.capacity) this.flush();
    const random = this.#random;
    const { f, u } = this.#block;
    const isFailed = random.chance(0.002);
    const isCold = random.chance(0.01);
    const ids = [random.word(), random.word(), random.word(), random.word()] as const;
    const durationUs = Math.round(20_000 * (1 + (fn % TEMPLATES)) * spread(random));
    const flags = Flag.fusedStart | Flag.statusKnown | (isFailed ? Flag.failed : 0) | (isCold ? Flag.cold : 0);
    const report = this.#row(FragmentKind.report | flags, fn, timeMs, ids);
    f[report * F.stride + F.durationUs] = durationUs;
    f[report * F.stride + F.billedUs] = Math.ceil(durationUs / 1000) * 1000;
    f[report * F.stride + F.initUs] = isCold ? 300_000 : Number.NaN;
    f[report * F.stride + F.a] = timeMs - durationUs / 1000;
    u[report * U.stride + U.version] = this.#version;
    u[report * U.stride + U.text] = isFailed ? this.#errorType : 0;
    u[report * U.stride + U.memorySizeKib] = MEMORY_KIB;
    u[report * U.stride + U.memoryUsedKib] = Math.round(MEMORY_KIB * random.between(0.4, 0.5));
    const insights = this.#row(FragmentKind.insights, fn, timeMs, ids);
    f[insights * F.stride + F.a] = Math.round(4_000 * spread(random));
    f[insights * F.stride + F.b] = Math.round(9_000 * spread(random));
    f[insights * F.stride + F.c] = durationUs / 2;
    if (!random.chance(0.1)) return;
    const access = this.#row(FragmentKind.access, fn, timeMs, ids);
    f[access * F.stride + F.a] = random.chance(0.01) ? 403 : 200;
  }

  #row(kindFlags: number, fn: number, timeMs: number, ids: readonly number[] = [0, 0, 0, 0]): number {
    if (this.#block.n === this.#block.capacity) this.flush();
    const { f, u } = this.#block;
    const i = this.#block.n++;
    f.fill(Number.NaN, i * F.stride, (i + 1) * F.stride);
    f[i * F.stride + F.time] = timeMs;
    f[i * F.stride + F.weight] = 1;
    u.fill(0, i * U.stride, (i + 1) * U.stride);
    u[i * U.stride + U.kindFlags] = kindFlags;
    u[i * U.stride + U.fn] = kindFlags === FragmentKind.tick ? 0 : this.#numbers[fn]!;
    for (let k = 0; k < 4; k++) u[i * U.stride + U.id0 + k] = ids[k]!;
    return i;
  }
}

/** Log-normal with a factor of 1.5: the sum of four uniforms is normal enough. */
function spread(random: Random): number {
  return 1.5 ** ((random.unit() + random.unit() + random.unit() + random.unit() - 2) * Math.sqrt(3));
}

/** Poisson with mean 1 (Knuth). */
function poisson(random: Random): number {
  let calls = 0;
  for (let product = random.unit(); product > Math.exp(-1); product *= random.unit()) calls++;
  return calls;
}

/** What functions look like that were really played for 14 days. */
export interface Learnt {
  readonly pages: readonly Float32Array[];
  readonly texts: ReadonlyMap<number, string>;
  /** request ids remembered of a function, the average: failed, slow, sending */
  readonly ids: { readonly failed: number; readonly slow: number; readonly sending: number };
  readonly graded: number;
  readonly sourceStart: number;
  /** first minute that is not played yet */
  readonly endMs: number;
}

/** Plays 14 days of a few functions, about one call a minute each, through a fresh engine: every profile gets filled. */
export function learn(engine: Engine): Learnt {
  const traffic = new Traffic(TEMPLATES, 1, (block) => engine.step(block));
  const endMs = START_MS + LEARNT_DAYS * 24 * 60 * MINUTE_MS;
  for (let ms = START_MS; ms < endMs; ms += MINUTE_MS) traffic.minute(ms, poisson);
  engine.tick(endMs + GRADE_DELAY_MS); // grades the last minute
  const texts = new Map<number, string>();
  const ids = { failed: 0, slow: 0, sending: 0 };
  const pages = traffic.keys.map((key) => {
    const shard = engine.shards[shardOf(key)]!;
    const slot = shard.slotOf(key);
    for (const [hash, text] of shard.texts) texts.set(hash, text);
    const evidence = shard.evidence.since(slot, 0);
    for (const list of ['failed', 'slow', 'sending'] as const) ids[list] += evidence[list].length / TEMPLATES;
    return shard.pages.slice(slot * PAGE, (slot + 1) * PAGE);
  });
  return { pages, texts, ids, graded: endMs / MINUTE_MS - 1 - EPOCH_MINUTE, sourceStart: engine.sourceStart, endMs };
}

/**
 * Gives an empty engine functions that know what `learnt` knows: the pages of the templates are copied, names and request
 * ids are each function's own, and everything else is what the engine would hold after such 14 days.
 */
export function fill(engine: Engine, keys: readonly string[], learnt: Learnt): void {
  const random = new Random('footprint-ids');
  const id = () => uuidText(random.word(), random.word(), random.word(), random.word());
  for (const [i, key] of keys.entries()) {
    const shard = engine.shards[shardOf(key)]!;
    const slot = shard.slotOf(key);
    shard.pages.set(learnt.pages[i % TEMPLATES]!, slot * PAGE);
    shard.awake.push(slot);
    shard.isAwake[slot] = 1;
    for (const list of ['failed', 'slow', 'sending'] as const) {
      for (let n = random.unit(); n < learnt.ids[list]; n++) shard.evidence.add(slot, list, id(), learnt.endMs);
    }
  }
  for (const shard of engine.shards) for (const [hash, text] of learnt.texts) shard.texts.set(hash, text);
  engine.resume(learnt.graded, learnt.endMs + GRADE_DELAY_MS, learnt.sourceStart);
}
