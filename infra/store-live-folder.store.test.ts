import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openLiveStore } from './store.ts';
import { LIVE_RUN_ID } from './store-live.ts';
import { temporary } from './store-places.fixture.ts';
import { minuteRow, RUN, rows } from './store-samples.fixture.ts';
import { askHolder } from './store-socket.ts';

test('in a folder, readers see what is buffered, and a second start goes on with the same run', async () => {
  const dir = temporary();
  const options = { deadLetterDir: join(dir, 'letters'), onTrouble: () => undefined, onDeadLetters: () => undefined };
  const run = { ...RUN, runId: LIVE_RUN_ID };
  for (const count of [3000, 6000]) {
    const store = await openLiveStore({ dir }, { ...options, maxAgeMs: 3_600_000 });
    await store.writer.beginRun(run);
    await store.writer.writeMinutes(Array.from({ length: 3000 }, (_, i) => minuteRow(count - 3000 + i)));
    const through = await askHolder(dir, {
      sql: 'SELECT count() AS n FROM function_minutes',
      format: 'json',
      params: {},
    });
    let answer = '';
    for await (const chunk of through!) answer += String(chunk);
    expect(JSON.parse(answer)).toEqual({ n: count });
    expect(await rows(store, 'SELECT status FROM runs')).toEqual([{ status: 'running' }]);
    await store.close();
  }
  rmSync(dir, { recursive: true });
});
