import { requestIdOf } from '../detectors/evidence.ts';
import { F, Flag, type FragmentBlock, FragmentKind, NONE, parseFunctionKey, U } from '../ingest/fragment.ts';

/** One normalised event, as `tripline tap` shows it. What is not known is left out. */
export interface TapEvent {
  readonly time: string;
  readonly kind: string;
  readonly function: string;
  readonly provider: string;
  readonly account?: string;
  readonly region?: string;
  readonly version?: string;
  readonly request_id?: string;
  readonly outcome?: 'success' | 'error' | 'timeout' | 'oom';
  readonly cold_start?: true;
  readonly duration_ms?: number;
  readonly billed_ms?: number;
  readonly init_ms?: number;
  readonly memory_mb?: number;
  readonly memory_used_mb?: number;
  readonly http_status?: number;
  readonly denied?: true;
  readonly tx_bytes?: number;
  readonly rx_bytes?: number;
  readonly cpu_ms?: number;
  /** as its source told it, never worked out */
  readonly cost_usd?: number;
  readonly lost_records?: number;
  readonly error_type?: string;
  /** what kind of text that should not be there; never the text */
  readonly content?: string;
  /** how many events a sampled one stands for */
  readonly weight?: number;
}

const KIND_NAMES = new Map<number, string>(Object.entries(FragmentKind).map(([name, kind]) => [kind, name]));
const KIBIBYTES = 1024;
const PICO = 1e12;

/** Which events are shown: no ticks, and only functions whose name or key matches. */
export class TapFilter {
  readonly #pattern: RegExp;
  readonly #known = new Map<string, boolean>();

  /** @param pattern `*` and `?` as in the shell */
  constructor(pattern: string) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.');
    this.#pattern = new RegExp(`^${source}$`);
  }

  takes({ u, dictionary }: FragmentBlock, i: number): boolean {
    const at = i * U.stride;
    if ((u[at]! & 0xff) === FragmentKind.tick) return false;
    return this.takesFunction(dictionary.text(u[at + U.fn]!));
  }

  takesFunction(key: string): boolean {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#pattern.test(key) || this.#pattern.test(parseFunctionKey(key).name);
      if (this.#known.size >= 100_000) this.#known.clear();
      this.#known.set(key, known);
    }
    return known;
  }
}

/** Copies one fragment that is no tick. About 2 µs. */
export function tapEventOf(block: FragmentBlock, i: number): TapEvent {
  const { f, u, dictionary } = block;
  const [at, word] = [i * F.stride, i * U.stride];
  const kind = u[word]! & 0xff;
  const flags = u[word]!;
  const { provider, account, region, name } = parseFunctionKey(dictionary.text(u[word + U.fn]!));
  const event = {
    time: new Date(f[at]!).toISOString(),
    kind: KIND_NAMES.get(kind) ?? String(kind),
    function: name,
    provider,
    account: account ?? undefined,
    region: region ?? undefined,
    version: dictionary.text(u[word + U.version]!) || undefined,
    request_id: requestIdOf(block, i) || undefined,
    outcome: kind === FragmentKind.report || kind === FragmentKind.failure ? outcomeOf(flags) : undefined,
    cold_start: (flags & Flag.cold) !== 0 || undefined,
    duration_ms: number(f[at + F.durationUs]! / 1000),
    billed_ms: number(f[at + F.billedUs]! / 1000),
    init_ms: number(f[at + F.initUs]! / 1000),
    memory_mb: memory(u[word + U.memorySizeKib]!),
    memory_used_mb: memory(u[word + U.memoryUsedKib]!),
    cost_usd: (flags & Flag.priced) !== 0 ? number(f[at + F.c]! / PICO) : undefined,
    ...ofKind(kind, flags, f, at, dictionary.text(u[word + U.text]!)),
    weight: f[at + F.weight]! > 1 ? f[at + F.weight]! : undefined,
  };
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined)) as unknown as TapEvent;
}

/** The columns that mean something else in each kind. */
function ofKind(kind: number, flags: number, f: Float64Array, at: number, text: string): Partial<TapEvent> {
  const [a, b, c] = [number(f[at + F.a]!), number(f[at + F.b]!), number(f[at + F.c]!)];
  const given = (fields: Record<string, unknown>) => fields as Partial<TapEvent>;
  switch (kind) {
    case FragmentKind.insights:
      return given({ tx_bytes: a, rx_bytes: b, cpu_ms: c === undefined ? undefined : c / 1000 });
    case FragmentKind.access:
      return given({ http_status: a, denied: (flags & Flag.denied) !== 0 || undefined });
    case FragmentKind.logsDropped:
      return given({ lost_records: a });
    case FragmentKind.content:
      return given({ content: (flags & Flag.verbose) !== 0 ? 'verbose error' : text || undefined });
    case FragmentKind.init:
      return {};
    default:
      return given({ error_type: text || undefined });
  }
}

function outcomeOf(flags: number): TapEvent['outcome'] {
  if ((flags & Flag.timeout) !== 0) return 'timeout';
  if ((flags & Flag.oom) !== 0) return 'oom';
  if ((flags & Flag.failed) !== 0) return 'error';
  return (flags & Flag.statusKnown) !== 0 ? 'success' : undefined;
}

const number = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
const memory = (kib: number): number | undefined => (kib === NONE ? undefined : kib / KIBIBYTES);
