import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { F, FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import { testPipeline } from '../test/pipeline.ts';
import { createStream, START_MS } from '../test/stream.ts';

describe('nothing that a fragment says can stop it', () => {
  const number = fc.oneof(
    fc.double(),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1, 1e308, 5e-324, 2 ** 53),
    fc.integer({ min: START_MS - 7_200_000, max: START_MS + 7_200_000 }),
  );
  const fragment = fc.record({
    kind: fc.nat(12),
    flags: fc.nat(0x3ffff),
    time: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: START_MS, max: START_MS + 600_000 }) },
      { weight: 1, arbitrary: number },
    ),
    numbers: fc.array(number, { minLength: F.stride - 1, maxLength: F.stride - 1 }),
    words: fc.array(fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 0xffffffff)), {
      minLength: U.stride,
      maxLength: U.stride,
    }),
    text: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '\u0000\u001b[31m', '<!channel>', '"\n')),
  });

  function blockOf(
    fragments: readonly { [K in 'kind' | 'flags' | 'time']: number }[] &
      readonly { numbers: number[]; words: number[]; text: string }[],
  ): FragmentBlock {
    const stream = createStream();
    stream.tick(START_MS);
    const block = stream.blocks()[0]!;
    const { dictionary } = block;
    const out = new FragmentBlock(dictionary, fragments.length + 1);
    for (const { kind, flags, time, numbers, words, text } of fragments) {
      const i = out.n++;
      // a jump of years is walked minute by minute while somebody is awake: ticks come from the clock, which is bounded
      const isTick = kind === FragmentKind.tick;
      out.f.set([isTick && !(Math.abs(time - START_MS) < 1e7) ? START_MS : time, ...numbers], i * F.stride);
      out.u.set(words, i * U.stride);
      out.u[i * U.stride] = kind | (flags << 8);
      out.u[i * U.stride + U.fn] = dictionary.id(`aws/1/-/${text}`);
      for (const at of [U.version, U.text, U.idText, U.stream]) out.u[i * U.stride + at] = dictionary.id(text);
    }
    return out;
  }

  test('whatever its kind, time, numbers and words', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), fc.array(fragment, { maxLength: 10 }), (first, second) => {
        let pipeline = testPipeline();
        pipeline.step(blockOf(first));
        pipeline = testPipeline({ restored: pipeline.snapshot() });
        pipeline.step(blockOf(second));
        pipeline.finish();
        const { events } = pipeline.drain();
        for (const event of events) JSON.stringify(event);
        pipeline.functions();
        pipeline.coverage();
      }),
      { numRuns: 60 },
    );
  });
});
