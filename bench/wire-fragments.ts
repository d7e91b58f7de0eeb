import { type Dictionary, F, Flag, FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import { Random } from '../scenarios/random.ts';

const FRAGMENTS = 64_000;
const START_MS = Date.UTC(2026, 10, 21, 12);

/** The fragments of one partition in order of arrival: 94 % reports, a few inits, failures and access lines between. */
export function makeFragments(dictionary: Dictionary, functions: number, environments: number): FragmentBlock {
  const random = new Random('wire', functions);
  const block = new FragmentBlock(dictionary, FRAGMENTS);
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random.unit() * 16).toString(16)).join('');
  const streams = Array.from({ length: functions * environments }, () =>
    dictionary.id(`2026/11/21/[$LATEST]${hex(32)}`),
  );
  const names = Array.from({ length: functions }, (_, i) =>
    dictionary.id(`aws/123456789012/eu-west-1/${['orders', 'billing', 'media'][i % 3]}-service-handler-${i}`),
  );
  const latest = dictionary.id('$LATEST');
  block.f.fill(Number.NaN);
  for (let i = 0; i < FRAGMENTS; i++) {
    const fn = Math.floor(functions ** random.unit()) - 1;
    const draw = random.unit();
    const timeMs = START_MS + Math.floor(i * 0.4 + random.unit() * 3000);
    const f = i * F.stride;
    const u = i * U.stride;
    block.f[f] = timeMs;
    block.f[f + F.weight] = 1;
    block.u.set(
      [
        0,
        names[fn]!,
        latest,
        0,
        0,
        0,
        0,
        0,
        0xffffffff,
        0xffffffff,
        0,
        streams[fn * environments + (i % environments)]!,
      ],
      u,
    );
    for (let word = U.id0; word <= U.id3; word++) block.u[u + word] = Math.floor(random.unit() * 2 ** 32);
    if (draw < 0.94) fillReport(block, i, fn, random);
    else if (draw < 0.97) block.u[u] = FragmentKind.init | Flag.cold;
    else if (draw < 0.98) {
      block.u[u] = FragmentKind.failure | Flag.failed;
      block.u[u + U.text] = dictionary.id('TypeError');
    } else {
      block.u[u] = FragmentKind.access;
      block.f[f + F.a] = 403;
    }
  }
  block.n = FRAGMENTS;
  return block;
}

function fillReport(block: FragmentBlock, i: number, fn: number, random: Random): void {
  const f = i * F.stride;
  const u = i * U.stride;
  const durationUs = Math.floor(1000 * 2 ** (2 + random.unit() * 9));
  const isCold = random.unit() < 0.02;
  block.u[u] = FragmentKind.report | Flag.fusedStart | (isCold ? Flag.cold : 0);
  block.f[f + F.durationUs] = durationUs;
  block.f[f + F.billedUs] = Math.ceil(durationUs / 1000) * 1000;
  if (isCold) block.f[f + F.initUs] = 200_000 + Math.floor(random.unit() * 300_000);
  block.f[f + F.a] = block.f[f]! - Math.ceil(durationUs / 1000) - (random.unit() < 0.3 ? 1 : 0);
  block.u[u + U.memorySizeKib] = 131_072 * 2 ** (fn % 5);
  block.u[u + U.memoryUsedKib] = 1024 * (60 + Math.floor(random.unit() * 60));
}

/** A few consecutive fragments as an own block: what an ingest process holds of one partition. */
export function blocksOf(all: FragmentBlock, size: number): FragmentBlock[] {
  return Array.from({ length: Math.min(64, Math.floor(FRAGMENTS / size)) }, (_, number) => {
    const block = new FragmentBlock(all.dictionary, size);
    block.f.set(all.f.subarray(number * size * F.stride, (number + 1) * size * F.stride));
    block.u.set(all.u.subarray(number * size * U.stride, (number + 1) * size * U.stride));
    block.n = size;
    return block;
  });
}
