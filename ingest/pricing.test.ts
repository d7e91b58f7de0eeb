import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NONE } from './fragment.ts';
import { billedCost, costPicoUsd, DEFAULT_PRICES, PRICING_VERSION, pricesElsewhere, pricesFor } from './pricing.ts';

const MIB = 1024;

describe('list prices', () => {
  test('are those of x86_64 in us-east-1 unless told', () => {
    expect(DEFAULT_PRICES).toEqual({ picoUsdPerRequest: 200_000, picoUsdPerGbSecond: 16_666_700 });
    expect(PRICING_VERSION).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  test.each([
    { name: 'arm64 is cheaper', choice: { architecture: 'arm64' as const }, perGbSecond: 13_333_400 },
    { name: 'some regions are dearer', choice: { region: 'af-south-1' }, perGbSecond: 22_100_000 },
    { name: 'a region not in the table costs what most do', choice: { region: 'eu-west-1' }, perGbSecond: 16_666_700 },
    {
      name: 'an override wins over the table',
      choice: { region: 'af-south-1', perGbSecond: 0.00001 },
      perGbSecond: 10_000_000,
    },
    {
      name: 'edge functions have prices of their own',
      choice: { isEdge: true, region: 'af-south-1' },
      perGbSecond: 50_010_000,
    },
  ])('$name', ({ choice, perGbSecond }) => {
    expect(pricesFor(choice).picoUsdPerGbSecond).toBe(perGbSecond);
  });
});

describe('cost', () => {
  test.each([
    // 0.433 s × 0.5 GB × 0.0000166667 + 0.0000002 = 0.00000380834 (fact sheet, worked example)
    { billedMs: 433, memoryMib: 512, pico: 3_808_341 },
    { billedMs: 0, memoryMib: 128, pico: 200_000 },
    { billedMs: 1, memoryMib: 128, pico: 200_000 + 2083 },
    { billedMs: 900_000, memoryMib: 10_240, pico: 200_000 + 150_000_300_000 },
  ])('$billedMs ms at $memoryMib MB', ({ billedMs, memoryMib, pico }) => {
    expect(costPicoUsd(billedMs * 1000, memoryMib * MIB, DEFAULT_PRICES)).toBe(pico);
  });

  test('is the exact rational, rounded half up', async () => {
    const micros = fc.integer({ min: 0, max: 7_200_000_000 });
    const kib = fc.integer({ min: 1, max: 10_240 * MIB });
    const price = fc.integer({ min: 0, max: 60_000_000 });
    await fc.assert(
      fc.property(micros, kib, price, (billedUs, memoryKib, picoUsdPerGbSecond) => {
        const unit = 1_000_000n * 2n ** 20n;
        const product = BigInt(billedUs) * BigInt(memoryKib) * BigInt(picoUsdPerGbSecond);
        const exact = (2n * product + unit) / (2n * unit);
        expect(BigInt(costPicoUsd(billedUs, memoryKib, { picoUsdPerRequest: 0, picoUsdPerGbSecond }))).toBe(exact);
      }),
    );
  });
});

describe('elsewhere than on Lambda', () => {
  const cost = (
    provider: string,
    durationMs: number,
    mb: number | null,
    choice = {},
    billedMs = Number.NaN,
    name = 'a',
  ) =>
    billedCost(
      pricesElsewhere(provider, name, choice).billing!,
      billedMs * 1000,
      durationMs * 1000,
      mb === null ? NONE : mb * MIB,
    );

  test.each([
    // worked examples of the fact sheet: 0.05 GB-s and 0.08 GHz-s; 0.0125 GB-s
    { name: 'Google, 123 ms at 256 MB', pico: cost('gcp', 123, 256), told: 1_325_000 },
    { name: 'Azure, 15 ms at 90 MB', pico: cost('azure', 15, 90), told: 400_000 },
    { name: 'Azure, memory from the configuration', pico: cost('azure', 15, null, { memoryMb: 90 }), told: 400_000 },
    { name: 'Azure, memory not known', pico: cost('azure', 15, null), told: -1 },
    { name: 'Google, more than 100 ms begun', pico: cost('gcp', 200.001, 256), told: cost('gcp', 300, 256) },
    {
      name: 'a CloudFront function, by the call',
      pico: cost('aws', 0, null, {}, Number.NaN, 'cloudfront/a'),
      told: 100_000,
    },
    { name: 'a provider without prices', pico: cost('vercel', 10, 128), told: -1 },
    {
      name: 'own prices, and a bill that is told',
      pico: cost('knative', 10, 1024, { perGbSecond: 0.00001, perRequest: 0 }, 100),
      told: 1_000_000,
    },
    { name: 'no duration', pico: cost('azure', Number.NaN, 128), told: -1 },
  ])('$name', ({ pico, told }) => {
    expect(pico).toBe(told);
  });
});
