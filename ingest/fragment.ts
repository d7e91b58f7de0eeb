/**
 * A fragment is one parsed piece of evidence about one invocation: what a log event says, as numbers. It is what the bus
 * carries. Fragments travel in blocks of columns, so that the hot path allocates nothing: `f` holds 8 doubles and `u` 13
 * unsigned words a fragment; texts are numbers of the block's dictionary. NaN (doubles) and NONE (words) mean unknown,
 * never 0.
 */
export const FragmentKind = {
  /** Time travels as data: nothing before `time` is expected any more (but may still come late). No function. */
  tick: 0,
  /** An attempt ended: REPORT, platform.report. Carries its START (`a` = start time) where both stood in one message. */
  report: 1,
  /** START, platform.start whose report is not (yet) known. */
  start: 2,
  /** An attempt failed: timeout line, runtime exit, handler error line, failed platform.runtimeDone. */
  failure: 3,
  /** Lambda Insights performance event: bytes and cpu of an attempt. */
  insights: 4,
  /** An environment started: INIT_START, RESTORE_START, INIT_REPORT, RESTORE_REPORT, platform.init*, platform.restore*. */
  init: 5,
  /** A line that carries an HTTP status (`a`), or says access denied (flag denied, `a` may be NaN). */
  access: 6,
  /** Text that should not be in a log: secret-shaped (text = kind of secret) or a verbose error (flag verbose). */
  content: 7,
  /** platform.logsDropped: `a` = records, `b` = bytes. */
  logsDropped: 8,
  /** Application line at error level with an error type, no proof that the invocation failed. */
  errorLog: 9,
} as const;
export type FragmentKind = (typeof FragmentKind)[keyof typeof FragmentKind];

/** Bits of word 0, above the kind's 8 bits. */
export const Flag = {
  failed: 1 << 8,
  timeout: 1 << 9,
  oom: 1 << 10,
  /** cold start: Init Duration or Restore Duration present, or an Insights cold_start */
  cold: 1 << 11,
  denied: 1 << 12,
  verbose: 1 << 13,
  /** The record itself says how it went (Status, platform.report status): absence of `failed` then means success. */
  statusKnown: 1 << 14,
  /** Lambda Managed Instances: no bill, no memory; durations interleave. */
  managed: 1 << 15,
  /** The START event was in the same message and is part of this fragment: it counts as a second log event. */
  fusedStart: 1 << 16,
  /** durable execution replay: short durations that would skew a baseline */
  durable: 1 << 17,
  /** report: its source told what it cost: `c` is the price in pico-dollars, not the billed restore */
  priced: 1 << 18,
  /** report: its source cannot tell cold starts: absence of `cold` then means nothing */
  coldUnknown: 1 << 19,
} as const;

/** Offsets of the doubles of a fragment. Times are Unix ms, durations µs (integers). */
export const F = {
  time: 0,
  durationUs: 1,
  billedUs: 2,
  initUs: 3,
  /** report: start ms · insights: tx bytes · failure: timeout limit µs where the line tells it · access: HTTP status · logsDropped: records */
  a: 4,
  /** report: restore µs · insights: rx bytes · logsDropped: bytes */
  b: 5,
  /** report: billed restore µs, or with flag priced the cost in pico-dollars · insights: cpu µs */
  c: 6,
  /** sampling weight, >= 1 */
  weight: 7,
  stride: 8,
} as const;

/** Offsets of the words of a fragment. */
export const U = {
  kindFlags: 0,
  /** dictionary number of the function key, `provider/account/region/name`, `-` where unknown */
  fn: 1,
  /** dictionary number of the version, 0 = unknown */
  version: 2,
  /** request id, 128 bits: the UUID itself, or a hash of any other text (then `idText` names the text); all zero = none */
  id0: 3,
  id1: 4,
  id2: 5,
  id3: 6,
  /** dictionary number: error type, kind of secret, runtime version; 0 = none */
  text: 7,
  memorySizeKib: 8,
  memoryUsedKib: 9,
  /** dictionary number of a request id that is not a UUID, 0 = it is one */
  idText: 10,
  /** dictionary number of the log stream (execution environment), 0 = unknown */
  stream: 11,
  /** dictionary number of the log group, where it is not the function's own by its name (`/aws/lambda/NAME`); 0 = it is, or none is known */
  logGroup: 12,
  stride: 13,
} as const;

/** "Unknown" in a word column. */
export const NONE = 0xffffffff;

/** Texts by number; number 0 is the empty text. Append-only, shared by the blocks of one source. */
export class Dictionary {
  readonly texts: string[] = [''];
  readonly #ids = new Map<string, number>([['', 0]]);

  /** The number of `text`, a new one on first sight. Callers bound the length of what they pass. */
  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.texts.length;
      this.texts.push(text);
      this.#ids.set(text, id);
    }
    return id;
  }

  /** The number of `text`, if it has one. */
  find(text: string): number | undefined {
    return this.#ids.get(text);
  }

  text(id: number): string {
    return this.texts[id] ?? '';
  }
}

export class FragmentBlock {
  n = 0;
  readonly capacity: number;
  readonly f: Float64Array;
  readonly u: Uint32Array;
  readonly dictionary: Dictionary;

  constructor(dictionary: Dictionary, capacity = 4096) {
    this.dictionary = dictionary;
    this.capacity = capacity;
    this.f = new Float64Array(capacity * F.stride);
    this.u = new Uint32Array(capacity * U.stride);
  }
}

/** Collects fragments into blocks and hands each full block to `emit`, which owns it from then on. */
export class FragmentWriter {
  dictionary: Dictionary;
  block: FragmentBlock;
  readonly #emit: (block: FragmentBlock) => void;
  #held = false;

  constructor(emit: (block: FragmentBlock) => void, dictionary = new Dictionary()) {
    this.#emit = emit;
    this.dictionary = dictionary;
    this.block = new FragmentBlock(dictionary);
  }

  /**
   * Starts a fragment, every column unknown, and returns its index in `this.block`: fill `block.f[i * F.stride + …]`
   * and `block.u[i * U.stride + …]` before the next call.
   */
  add(kindFlags: number, fn: number, timeMs: number): number {
    if (this.block.n === this.block.capacity) this.#makeRoom();
    const { block } = this;
    const i = block.n++;
    const f = block.f;
    const u = block.u;
    const fAt = i * F.stride;
    const uAt = i * U.stride;
    // stores rather than fill(): on so few elements the call costs more than the work
    f[fAt] = timeMs;
    for (let k = 1; k < F.weight; k++) f[fAt + k] = Number.NaN;
    f[fAt + F.weight] = 1;
    for (let k = 0; k < U.stride; k++) u[uAt + k] = 0;
    u[uAt] = kindFlags;
    u[uAt + U.fn] = fn;
    u[uAt + U.memorySizeKib] = NONE;
    u[uAt + U.memoryUsedKib] = NONE;
    return i;
  }

  /** From now on fragments can be taken back: returns the mark for `rewind`. Until `release`, a full block grows instead of leaving. */
  hold(): number {
    if (this.block.n > this.block.capacity * 0.75) this.flush();
    this.#held = true;
    return this.block.n;
  }

  /** Takes back every fragment since `hold` returned `mark`, and releases. */
  rewind(mark: number): void {
    this.block.n = mark;
    this.#held = false;
  }

  /** What was written since `hold` stands. */
  release(): void {
    this.#held = false;
  }

  #makeRoom(): void {
    if (!this.#held) {
      this.flush();
      return;
    }
    const grown = new FragmentBlock(this.dictionary, this.block.capacity * 2);
    grown.f.set(this.block.f);
    grown.u.set(this.block.u);
    grown.n = this.block.n;
    this.block = grown;
  }

  /**
   * Flushes, and goes on with an empty dictionary (several writers may share one): texts are never taken out of one, so what runs for months begins anew
   * when it has grown past what is wanted. Parsers that write here notice at their next `push`. Not between `hold` and `release`.
   */
  renew(dictionary = new Dictionary()): void {
    this.flush();
    this.dictionary = dictionary;
    this.block = new FragmentBlock(this.dictionary);
  }

  flush(): void {
    if (this.block.n === 0) return;
    this.#emit(this.block);
    this.block = new FragmentBlock(this.dictionary);
  }
}

/** Who a function is, without its version: what state, order and alerts belong to. Null = the log does not say. */
export interface FunctionIdentity {
  readonly provider: string;
  readonly account: string | null;
  readonly region: string | null;
  readonly name: string;
}

/** `provider/account/region/name`; the name comes last because only it may hold a slash (Azure `app/function`). */
export function functionKey(identity: FunctionIdentity): string {
  return `${identity.provider}/${identity.account ?? '-'}/${identity.region ?? '-'}/${identity.name}`;
}

export function parseFunctionKey(key: string): FunctionIdentity {
  const [provider = '', account = '', region = '', ...name] = key.split('/');
  return {
    provider,
    account: account === '-' ? null : account,
    region: region === '-' ? null : region,
    name: name.join('/'),
  };
}
