/** What a block of fragments costs on the wire: npm run bench:wire -- --help */
import { parseArgs } from 'node:util';
import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { createFragmentDecoder, createFragmentEncoder } from '../infra/wire.ts';
import { Dictionary, FragmentBlock } from '../ingest/fragment.ts';
import { blocksOf, makeFragments } from './wire-fragments.ts';
import { encodeMajor1 } from './wire-major-1.ts';

const HELP = `Usage: npm run bench:wire -- [options]
  --functions N      of one partition, called Zipf-like (400)
  --environments N   log streams of each (2)
  --sizes LIST       fragments a block (20,200,1000,4000)
  --json             one JSON line at the end

Processor time and bytes a fragment of encoding and decoding blocks, beside format 1, a plain copy of the same arrays, a
checksum, and gzip of the block. The best of many short rounds in which all take turns: other work on the machine adds
to the others.`;
const ROUNDS = 20;
const ROUND_MS = 20;
const COMPILING_ROUNDS = 8;

const { values: flags } = parseArgs({
  options: {
    functions: { type: 'string', default: '400' },
    environments: { type: 'string', default: '2' },
    sizes: { type: 'string', default: '20,200,1000,4000' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

/** ns a fragment of each of `tasks`, which take the number of a block. */
function measure(tasks: Readonly<Record<string, (i: number) => unknown>>, size: number, blocks: number) {
  const samples: Record<string, number[]> = {};
  for (let round = -COMPILING_ROUNDS; round < ROUNDS; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const before = process.cpuUsage();
      const end = performance.now() + ROUND_MS;
      let calls = 0;
      for (; performance.now() < end; calls += blocks) for (let i = 0; i < blocks; i++) task(i);
      const { user, system } = process.cpuUsage(before);
      if (round < 0) continue;
      samples[name] ??= [];
      samples[name].push(((user + system) * 1000) / calls / size);
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, Math.min(...values)]));
}

const meanLength = (all: readonly Uint8Array[], size: number): number =>
  all.reduce((sum, bytes) => sum + bytes.length, 0) / all.length / size;

function figuresOf(all: FragmentBlock, size: number) {
  const blocks = blocksOf(all, size);
  const encoder = createFragmentEncoder();
  const dictionary = new Dictionary();
  const decoder = createFragmentDecoder(dictionary);
  const oldDecoder = createFragmentDecoder(dictionary);
  const encoded = blocks.map((block) => encoder.encode(block));
  const old = blocks.map((block) => encodeMajor1(block));
  const gzipped = encoded.map((bytes) => gzipSync(bytes, { level: 1 }));
  const reuse = new FragmentBlock(dictionary, size);
  const tasks: Record<string, (i: number) => unknown> = {
    encode: (i) => encoder.encode(blocks[i]!),
    decode: (i) => decoder.decode(encoded[i]!, reuse),
    decodeNew: (i) => decoder.decode(encoded[i]!),
    encode1: (i) => encodeMajor1(blocks[i]!),
    decode1: (i) => oldDecoder.decode(old[i]!),
    copy: (i) => {
      reuse.f.set(blocks[i]!.f);
      reuse.u.set(blocks[i]!.u);
    },
    gzip: (i) => gzipSync(encoded[i]!, { level: 1 }),
    gunzip: (i) => gunzipSync(gzipped[i]!),
  };
  if (crc32 !== undefined) tasks['checksum'] = (i) => crc32(encoded[i]!);
  return {
    size,
    ns: measure(tasks, size, blocks.length),
    bytes: {
      format2: meanLength(encoded, size),
      format1: meanLength(old, size),
      gzip: meanLength(gzipped, size),
      gzipFormat1: meanLength(
        old.map((bytes) => gzipSync(bytes, { level: 1 })),
        size,
      ),
      deflated: meanLength(
        encoded.map((bytes) => deflateRawSync(bytes, { level: 6 })),
        size,
      ),
    },
  };
}

function main(): void {
  const all = makeFragments(new Dictionary(), Number(flags.functions), Number(flags.environments));
  const figures = flags.sizes.split(',').map((size) => figuresOf(all, Number(size)));
  for (const { size, ns, bytes } of figures) {
    process.stdout.write(`\n${size} fragments a block\n`);
    for (const [name, value] of Object.entries(ns)) {
      process.stdout.write(`  ${name.padEnd(12)}${value.toFixed(1).padStart(9)} ns a fragment\n`);
    }
    for (const [name, value] of Object.entries(bytes)) {
      process.stdout.write(`  ${name.padEnd(12)}${value.toFixed(1).padStart(9)} bytes a fragment\n`);
    }
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

if (flags.help) process.stdout.write(`${HELP}\n`);
else main();
