import { parseFunctionKey } from '../ingest/fragment.ts';
import { type Prices, pricesFor } from '../ingest/pricing.ts';
import { globPattern } from '../ingest/sources/glob.ts';
import type { Config } from './config.ts';

/** What an invocation of a function costs, by the function's key. */
export type PricesOf = (fn: string) => Prices;

/** The price table as the configuration applies it: region from the key, architecture from the first pattern that matches. */
export function pricesOf({ architecture, region, overrides, functions }: Config['prices']): PricesOf {
  const patterns = functions.map((it) => ({ pattern: globPattern(it.match), architecture: it.architecture }));
  const known = new Map<string, Prices>(); // few: as many as regions times architectures
  return (fn) => {
    const identity = parseFunctionKey(fn);
    const choice = {
      architecture: patterns.find(({ pattern }) => pattern.test(identity.name))?.architecture ?? architecture,
      region: identity.region ?? region,
      isEdge: identity.name.startsWith('us-east-1.'), // Lambda@Edge logs under this name in every region
      ...overrides,
    };
    const key = `${choice.architecture} ${choice.region} ${choice.isEdge}`;
    let prices = known.get(key);
    if (prices === undefined) {
      prices = pricesFor(choice);
      known.set(key, prices);
    }
    return prices;
  };
}
