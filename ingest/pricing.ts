import table from './prices.json' with { type: 'json' };

/** What an invocation costs, in whole pico-dollars (1e-12 $). */
export interface Prices {
  readonly picoUsdPerRequest: number;
  readonly picoUsdPerGbSecond: number;
}

export type Architecture = 'x86_64' | 'arm64';

export interface PriceChoice {
  /** no Lambda log line tells it: from configuration, x86_64 unless told */
  readonly architecture?: Architecture | undefined;
  /** us-east-1 unless told; a region that is not in the table costs what most do */
  readonly region?: string | null | undefined;
  /** Lambda@Edge has prices of its own, the same everywhere */
  readonly isEdge?: boolean | undefined;
  /** own prices in dollars, such as after a discount */
  readonly perGbSecond?: number | undefined;
  readonly perRequest?: number | undefined;
}

/** Date of the price table: stored with every cost, because a later table gives another. */
export const PRICING_VERSION: string = table.pricing_version;

const PICO = 1e12;

/** The prices that apply, from the dated table `prices.json` or as overridden. */
export function pricesFor(choice: PriceChoice = {}): Prices {
  const architecture = choice.architecture ?? (table.default.architecture as Architecture);
  const regions: Readonly<Record<string, number>> = table.per_gb_second[architecture];
  const region = choice.region ?? table.default.region;
  const listed = choice.isEdge
    ? table.edge.per_gb_second
    : (regions[Object.hasOwn(regions, region) ? region : 'default'] ?? 0);
  const perMillion = choice.isEdge ? table.edge.per_million_requests : table.per_million_requests;
  return {
    picoUsdPerRequest: Math.round((choice.perRequest ?? perMillion / 1e6) * PICO),
    picoUsdPerGbSecond: Math.round((choice.perGbSecond ?? listed) * PICO),
  };
}

export const DEFAULT_PRICES: Prices = pricesFor();

const KIB_PER_GIB = 2 ** 20;
const US_PER_SECOND = 1e6;
const UNIT = US_PER_SECOND * KIB_PER_GIB;

/**
 * Cost of one invocation, whole pico-dollars rounded half up, from its billed time (µs) and memory size (KiB). Exact, so
 * that sums do not depend on their order, up to 2 hours billed, 1 TiB and $0.008 a GB-second: the product is split into
 * parts that a double holds. Source: AWS Lambda pricing, GB = 1024 MB, per ms. 10 ns.
 */
export function costPicoUsd(billedUs: number, memoryKib: number, prices: Prices): number {
  const perSecond = split(memoryKib * prices.picoUsdPerGbSecond, KIB_PER_GIB); // × 1/2^20 pico-dollars
  const time = split(billedUs, US_PER_SECOND);
  const perMicro = split(time.rest * perSecond.whole, US_PER_SECOND);
  const fraction = split(billedUs * perSecond.rest, UNIT);
  const rest = Math.floor((perMicro.rest * KIB_PER_GIB + fraction.rest + UNIT / 2) / UNIT);
  return prices.picoUsdPerRequest + time.whole * perSecond.whole + perMicro.whole + fraction.whole + rest;
}

function split(value: number, unit: number): { whole: number; rest: number } {
  const whole = Math.floor(value / unit);
  return { whole, rest: value - whole * unit };
}
