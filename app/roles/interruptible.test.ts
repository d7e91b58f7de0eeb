import { describe, expect, test } from '@jest/globals';
import { Interruptible } from './interruptible.ts';

async function* pipe(items: readonly number[], end: 'silent' | 'closed' | 'broken'): AsyncGenerator<number, void> {
  yield* items;
  if (end === 'broken') throw new Error('broken');
  if (end === 'silent') await new Promise<never>(() => {});
}

async function taken(source: Interruptible<number>, onItem: (item: number) => void = () => {}): Promise<number[]> {
  const items: number[] = [];
  for await (const item of source) {
    items.push(item);
    onItem(item);
  }
  return items;
}

describe('items that can be interrupted', () => {
  test('all come, in order, where nobody interrupts', async () => {
    expect(await taken(new Interruptible(pipe([1, 2, 3], 'closed')))).toEqual([1, 2, 3]);
  });

  test('a read that never ends is given up', async () => {
    const source = new Interruptible(pipe([1, 2], 'silent'));
    setImmediate(() => source.halt());
    expect(await taken(source)).toEqual([1, 2]);
  });

  test('nothing is asked for after the halt', async () => {
    const source = new Interruptible(pipe([1, 2, 3], 'closed'));
    expect(await taken(source, (item) => item === 2 && source.halt())).toEqual([1, 2]);
  });

  test('a halt before the start gives nothing', async () => {
    const source = new Interruptible(pipe([1], 'silent'));
    source.halt();
    expect(await taken(source)).toEqual([]);
  });

  test('what fails, fails', async () => {
    await expect(taken(new Interruptible(pipe([1], 'broken')))).rejects.toThrow('broken');
  });

  test('who leaves early closes the source', async () => {
    let isClosed = false;
    const items = async function* () {
      try {
        yield 1;
        yield 2;
      } finally {
        isClosed = true;
      }
    };
    for await (const item of new Interruptible(items())) if (item === 1) break;
    expect(isClosed).toBe(true);
  });
});
