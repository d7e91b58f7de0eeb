import { parseFunctionKey } from '../ingest/fragment.ts';
import { type Prices, pricesElsewhere, pricesFor } from '../ingest/pricing.ts';
import { globPattern } from '../ingest/sources/glob.ts';
import type { Config } from './config.ts';

/** What an invocation of a function costs, by the function's key. */
export type PricesOf = (fn: string) => Prices;

/** The price table as the configuration applies it: region from the key, what else is known from the first pattern that matches. */
export function pricesOf({ architecture, region, overrides, functions }: Config['prices']): PricesOf {
  const patterns = functions.map((it) => ({ pattern: globPattern(it.match), of: it }));
  const known = new Map<string, Prices>(); // few: as many as regions times patterns
  return (fn) => {
    const identity = parseFunctionKey(fn);
    const { provider, name } = identity;
    const matched = patterns.findIndex(({ pattern }) => pattern.test(name));
    const own = patterns[matched]?.of;
    const isScript = name.startsWith('cloudfront/');
    const isLambda = provider === 'aws' && !isScript;
    const isEdge = name.startsWith('us-east-1.'); // Lambda@Edge logs under this name in every region
    const place = identity.region ?? region;
    const key = `${provider} ${matched} ${place} ${isEdge} ${isScript}`;
    let prices = known.get(key);
    if (prices === undefined) {
      const told = {
        memoryMb: own?.memoryMb,
        perGbSecond: own?.perGbSecond ?? (isLambda ? overrides.perGbSecond : undefined),
        perRequest: own?.perRequest ?? (isLambda ? overrides.perRequest : undefined),
      };
      prices = isLambda
        ? pricesFor({ architecture: own?.architecture ?? architecture, region: place, isEdge, ...told })
        : pricesElsewhere(provider, name, told);
      known.set(key, prices);
    }
    return prices;
  };
}
