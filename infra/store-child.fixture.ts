// A process of its own for the tests: opens the store of its first argument, then does what the second says.
import { openStore } from './store.ts';
import { writeRun } from './store-samples.fixture.ts';

const [, , dir = '', work = ''] = process.argv;
const store = await openStore({ dir });
process.stdout.write('open\n');
if (work === 'write') {
  await writeRun(store, 1_000_000, (count) => process.stdout.write(`wrote ${count}\n`));
  await store.close();
} else if (work === 'hold') {
  process.stdin.resume(); // until it is killed or its input ends
  process.stdin.on('end', () => void store.close());
}
