import { expect, test } from '@jest/globals';
import { DEFAULT_PRICES, pricesFor } from '../ingest/pricing.ts';
import { parseConfig } from './config.ts';
import { pricesOf } from './prices.ts';

const CONFIG = `
prices:
  region: af-south-1
  functions:
    - { match: 'pay-x*', architecture: x86_64 }
    - { match: 'pay-*', architecture: arm64 }
`;

test.each([
  { name: 'by the table, without a config', yaml: '', fn: 'aws/-/-/a', prices: DEFAULT_PRICES },
  {
    name: 'in the region that the logs tell',
    yaml: CONFIG,
    fn: 'aws/1/eu-south-1/a',
    prices: pricesFor({ region: 'eu-south-1' }),
  },
  {
    name: 'in the region of the config where they do not',
    yaml: CONFIG,
    fn: 'aws/1/-/a',
    prices: pricesFor({ region: 'af-south-1' }),
  },
  {
    name: 'by the architecture of the first pattern that matches',
    yaml: CONFIG,
    fn: 'aws/1/-/pay-xyz',
    prices: pricesFor({ region: 'af-south-1', architecture: 'x86_64' }),
  },
  {
    name: 'by the architecture of the second',
    yaml: CONFIG,
    fn: 'aws/1/-/pay-a',
    prices: pricesFor({ region: 'af-south-1', architecture: 'arm64' }),
  },
  {
    name: 'by own prices',
    yaml: 'prices: { overrides: { perGbSecond: 0.00001, perRequest: 0 } }',
    fn: 'aws/1/-/a',
    prices: { picoUsdPerRequest: 0, picoUsdPerGbSecond: 10_000_000 },
  },
])('$name', ({ yaml, fn, prices }) => {
  expect(pricesOf(parseConfig(yaml, 'c.yaml').prices)(fn)).toEqual(prices);
});
