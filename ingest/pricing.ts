import { NONE } from './fragment.ts';
import table from './prices.json' with { type: 'json' };

/** What an invocation costs, in whole pico-dollars (1e-12 $). */
export interface Prices {
  readonly picoUsdPerRequest: number;
  readonly picoUsdPerGbSecond: number;
  /** how other providers than Lambda bill, whose records do not tell the bill; absent for Lambda */
  readonly billing?: Billing;
}

/** Rules of a bill that no record tells. */
export interface Billing {
  /** sizes that are billed, smallest first, each with its prices; empty = none is known, so no cost is */
  readonly sizes: readonly { readonly kib: number; readonly prices: Prices }[];
  /** where a size is as it is, and not rounded up to one of a list */
  readonly isAnySize: boolean;
  readonly stepUs: number;
  readonly leastUs: number;
  /** memory of functions whose records do not tell it, KiB; NONE = unknown */
  readonly memoryKib: number;
  /** only the call is paid for */
  readonly isByCall: boolean;
}

export type Architecture = 'x86_64' | 'arm64';

export interface PriceChoice {
  /** no Lambda log line tells it: from configuration, x86_64 unless told */
  readonly architecture?: Architecture | undefined;
  /** us-east-1 unless told; a region that is not in the table costs what most do */
  readonly region?: string | null | undefined;
  /** Lambda@Edge has prices of its own, the same everywhere */
  readonly isEdge?: boolean | undefined;
  /** MB, from configuration: the records of Google and Azure do not tell it */
  readonly memoryMb?: number | undefined;
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

/** The prices of functions elsewhere than on Lambda; what is not in the table has no cost unless it is told. */
export function pricesElsewhere(provider: string, name: string, choice: PriceChoice): Prices {
  const memoryKib = choice.memoryMb === undefined ? NONE : Math.round(choice.memoryMb * 1024);
  const perRequest = choice.perRequest;
  if (provider === 'aws' && name.startsWith('cloudfront/')) {
    const listed = table.cloudfront_functions.per_million_requests / 1e6;
    const prices = flat(perRequest ?? listed, 0);
    return { ...prices, billing: { ...ANY, sizes: [{ kib: 0, prices }], isByCall: true } };
  }
  if (choice.perGbSecond !== undefined) {
    const prices = flat(perRequest ?? 0, choice.perGbSecond);
    return { ...prices, billing: { ...ANY, sizes: [{ kib: 0, prices }], isAnySize: true, memoryKib } };
  }
  if (provider === 'gcp') {
    const { sizes, per_gb_second, per_ghz_second, per_million_requests, step_ms, least_ms } = table.google_functions;
    const billed = (sizes as [number, number][]).map(([mb, ghz]) => ({
      kib: mb * 1024,
      prices: flat(perRequest ?? per_million_requests / 1e6, per_gb_second + (per_ghz_second * ghz * 1024) / mb),
    }));
    return {
      ...NO_PRICE,
      billing: { ...ANY, sizes: billed, stepUs: step_ms * 1000, leastUs: least_ms * 1000, memoryKib },
    };
  }
  if (provider !== 'azure') return { ...NO_PRICE, billing: ANY };
  const { per_gb_second, per_million_requests, step_ms, least_ms, memory_step_mb, memory_most_mb } =
    table.azure_functions;
  const prices = flat(perRequest ?? per_million_requests / 1e6, per_gb_second);
  const sizes = Array.from({ length: memory_most_mb / memory_step_mb }, (_, i) => ({
    kib: (i + 1) * memory_step_mb * 1024,
    prices,
  }));
  return { ...prices, billing: { ...ANY, sizes, stepUs: step_ms * 1000, leastUs: least_ms * 1000, memoryKib } };
}

const flat = (perRequest: number, perGbSecond: number): Prices => ({
  picoUsdPerRequest: Math.round(perRequest * PICO),
  picoUsdPerGbSecond: Math.round(perGbSecond * PICO),
});
const NO_PRICE = flat(0, 0);
const ANY: Billing = { sizes: [], isAnySize: false, stepUs: 1000, leastUs: 0, memoryKib: NONE, isByCall: false };

/**
 * Cost of a call by rules of its provider, whole pico-dollars; negative where its time, its memory or the prices are not
 * known. A bill that is told goes before one that is worked out. Times in µs.
 */
export function billedCost(billing: Billing, billedUs: number, durationUs: number, sizeKib: number): number {
  const { sizes, stepUs, leastUs, isByCall } = billing;
  if (isByCall) return sizes[0]?.prices.picoUsdPerRequest ?? -1;
  const kib = sizeKib === NONE ? billing.memoryKib : sizeKib;
  const us = billedUs >= 0 ? billedUs : Math.ceil(Math.max(durationUs, leastUs) / stepUs) * stepUs;
  const size = sizes.find((it) => it.kib >= kib) ?? sizes.at(-1);
  if (kib === NONE || size === undefined || !(us >= 0)) return -1;
  return costPicoUsd(us, billing.isAnySize ? kib : size.kib, size.prices);
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
