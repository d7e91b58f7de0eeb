import { join } from 'node:path';
import { expect } from '@jest/globals';
import { FragmentSink } from '../app/roles/fragment-sink.ts';
import { SourceLane } from '../app/roles/source-lane.ts';
import { createMemoryBus } from '../infra/bus-memory.ts';
import { decodeFragments } from '../infra/wire.ts';
import { Dictionary, FragmentKind, U } from '../ingest/fragment.ts';
import { expandInputs } from '../ingest/sources/inputs.ts';

/** A line that tells of one invocation, number `n`. */
const line = (n: number): string =>
  `2026-11-09T00:00:${String(n % 60).padStart(2, '0')}.000Z REPORT RequestId: ${idOf(n)}\tDuration: ${n + 1}.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n`;
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => line(from + i)).join('');
export const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A replica that reads what matches; its clock is told what time it is. */
export async function startReplica(dir: string, pattern = '*.log') {
  const bus = createMemoryBus({ partitions: 1 });
  const sink = new FragmentSink(bus);
  const troubles: string[] = [];
  const clock = { ms: Date.UTC(2026, 10, 9) };
  const dictionary = new Dictionary();
  const lane = await SourceLane.open({
    name: '0',
    stateDir: join(dir, 'state'),
    sink,
    dictionary: () => dictionary,
    reject: ({ reason, excerpt }) => troubles.push(`${reason}: ${excerpt}`),
    onTrouble: (_path, message) => troubles.push(message),
    nowMs: () => clock.ms,
    elapsedMs: () => clock.ms,
  });
  const discover = async () => {
    const { inputs } = await expandInputs([join(dir, 'logs', pattern)]);
    const settings = { logGroup: '/aws/lambda/pay' } as never;
    await lane.follow(inputs.map(({ name: path }) => ({ path, settings })));
  };
  const read = async () => {
    while (await lane.readRound(() => false));
  };
  const save = async () => {
    const kept = lane.capture();
    await sink.settle();
    await kept();
  };
  /** the invocations that were told of, in the order in which they came */
  const told = async (): Promise<number[]> => {
    await sink.settle();
    await bus.publishToAll([Buffer.from('end')]);
    const seen: number[] = [];
    for await (const { records } of bus.subscribe(`test ${Math.random()}`)) {
      for (const record of records.filter((one) => one.length > 3)) {
        const { u, n, dictionary: words } = decodeFragments(record);
        for (let i = 0; i < n; i++) {
          if ((u[i * U.stride]! & 0xff) === FragmentKind.tick) continue;
          expect(words.text(u[i * U.stride + U.fn]!)).toContain('pay');
          seen.push(u[i * U.stride + U.id3]!);
        }
      }
      if (records.some((one) => Buffer.from(one).toString() === 'end')) break;
    }
    return seen.map((word) => NUMBERS.get(word) ?? -1);
  };
  const stop = async () => {
    await save();
    await lane.close();
  };
  const discoverAndRead = async () => {
    await discover();
    await read();
  };
  return { lane, discover, read, discoverAndRead, save, told, stop, troubles, clock };
}

/** The last word of a request id → number. */
const NUMBERS = new Map(numbers(0, 5000).map((n) => [Number.parseInt(idOf(n).slice(-8), 16), n]));
