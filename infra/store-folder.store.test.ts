import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openEmbedded } from './clickhouse.ts';
import { startFront } from './dev/front.ts';
import { openStore } from './store.ts';
import { engineDir } from './store-folder.ts';
import { migrate, migrations } from './store-migrations.ts';
import { temporary } from './store-places.fixture.ts';
import { everything, minuteRow, RUN, rows, writeRun } from './store-samples.fixture.ts';
import { askHolder } from './store-socket.ts';

describe('schema', () => {
  test('migrations run again without harm, also from the middle and with rows in the tables', async () => {
    const sessions = await openEmbedded(dir);
    const [tables] = migrations();
    await sessions.writer.command({ query: tables?.statements[0] as string }); // as if killed after its first statement
    await migrate(sessions.writer);
    await sessions.writer.command({ query: "INSERT INTO runs_data (run_id, status) VALUES ('a', 'done')" });
    await sessions.writer.command({ query: 'TRUNCATE TABLE migrations' }); // as if killed before any was recorded
    await migrate(sessions.writer);
    const found = await sessions.reader.query({ query: 'SELECT run_id, status FROM runs', format: 'JSONEachRow' });
    expect(await found.json()).toEqual([{ run_id: 'a', status: 'done' }]);
    await expect(migrate(sessions.writer, migrations().slice(0, 1))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('newer tripline'),
    });
    await sessions.close();
    rmSync(dir, { recursive: true });
  });
});

let root = '';
let dir = '';
beforeEach(() => {
  root = temporary();
  dir = root;
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Another process that opens the store in `dir`, once it has said `until`. */
async function child(work: 'write' | 'hold', until: string): Promise<ChildProcess> {
  const started = spawn(process.execPath, ['--import', 'tsx', 'infra/store-child.fixture.ts', dir, work]);
  for await (const line of createInterface({ input: started.stdout })) if (line === until) return started;
  throw new Error(`the child ended before it said ${until}`);
}

/** Exit code and standard error of a process that ends by itself. */
async function ended(started: ChildProcess): Promise<[number | null, string]> {
  let said = '';
  started.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [status] = (await once(started, 'close')) as [number | null];
  return [status, said];
}

async function kill(process: ChildProcess): Promise<void> {
  process.kill('SIGKILL');
  await once(process, 'exit');
}

describe('folder', () => {
  test('is for its owner alone, and the mask is given back', async () => {
    const before = process.umask();
    const inner = join(dir, 'deep', 'store');
    const store = await openStore({ dir: inner });
    await writeRun(store, 100);
    const stats = (readdirSync(inner, { recursive: true }) as string[]).map((name) => statSync(join(inner, name)));
    const modes = stats.map((stat) => `${stat.isDirectory() ? 'folder' : 'file'} ${(stat.mode & 0o777).toString(8)}`);
    expect(new Set(modes)).toEqual(new Set(['file 600', 'folder 700']));
    expect(statSync(inner).mode & 0o777).toBe(0o700);
    await store.close();
    expect(process.umask()).toBe(before);
  });

  test('a file in its place is a clear error', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const opening = openStore({ dir: file });
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: `cannot use ${file} as a store: part of the path is a file, not a folder`,
    });
  });

  test('a failing write names the folder, is repeated by every later call, and the store still closes', async () => {
    const store = await openStore({ dir });
    await store.writer.beginRun(RUN);
    const other = await openEmbedded(engineDir(dir)); // the same process may open it twice
    await other.writer.command({ query: 'DROP TABLE function_minutes_data SYNC' });
    await other.close();
    await store.writer.writeMinutes([minuteRow(0)]);
    const failure = { code: 'STORE_FAILED', message: expect.stringContaining(`cannot write to the store in ${dir}: `) };
    await expect(store.writer.flush()).rejects.toMatchObject(failure);
    await expect(store.writer.writeMinutes([minuteRow(1)])).rejects.toMatchObject(failure);
    await expect(store.writer.finishRun('done', {})).rejects.toMatchObject(failure);
    await store.close();
    expect(readdirSync(dir)).toEqual(['clickhouse']);
  });

  test('where the library cannot be loaded the error says why and what works without it', async () => {
    const hide = `import m from 'node:module'; const find = m._resolveFilename;
      m._resolveFilename = (id, ...rest) => { if (id.startsWith('@chdb/')) throw Object.assign(new Error('hidden'), { code: 'MODULE_NOT_FOUND' }); return find(id, ...rest); };`;
    const preload = `data:text/javascript,${encodeURIComponent(hide)}`;
    const args = ['--import', preload, '--import', 'tsx', 'infra/store-child.fixture.ts', dir, 'hold'];
    const [status, said] = await ended(spawn(process.execPath, args));
    expect(status).toBe(1);
    expect(said).toContain('STORE_UNAVAILABLE');
    expect(said).toMatch(/cannot be loaded here \(chdb: no native binding .*--store none works without it/);
  });

  test('a server that is gone is a clear error', async () => {
    const front = await startFront(join(dir, 'served'));
    const store = await openStore({ url: front.url });
    await store.writer.beginRun(RUN);
    await front.close();
    await store.writer.writeMinutes([minuteRow(0)]);
    const failure = {
      code: 'STORE_FAILED',
      message: expect.stringContaining(`the store in ${new URL(front.url).host}: `),
    };
    await expect(store.writer.flush()).rejects.toMatchObject(failure);
    await expect(store.query('SELECT 1', 'json')).rejects.toMatchObject(failure);
    await store.close();
    await expect(openStore({ url: front.url })).rejects.toMatchObject(failure);
  });
});

describe('a store that another process holds', () => {
  test('is refused with its process id, answers through the socket, and opens once that process is dead', async () => {
    const holder = await child('hold', 'open');
    await expect(openStore({ dir })).rejects.toMatchObject({
      code: 'STORE_HELD',
      message: expect.stringContaining(`held by process ${holder.pid}`),
    });
    await kill(holder); // its socket stays behind
    expect(readdirSync(dir)).toContain('tripline.sock');
    expect(await askHolder(dir, { sql: 'SELECT 1', format: 'json', params: {} })).toBeNull();
    const store = await openStore({ dir });
    expect(await rows(store, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await store.close();
    expect(readdirSync(dir)).toEqual(['clickhouse']);
  });

  const through = {
    query: async (sql: string, format: 'json' | 'cells') => (await askHolder(dir, { sql, format, params: {} }))!,
    close: async () => undefined,
  };

  test.each([
    { name: 'in the folder', below: '' },
    { name: 'elsewhere where the path is long', below: 'x'.repeat(120) },
  ])('shows what is buffered, through a socket $name', async ({ below }) => {
    dir = join(root, below);
    mkdirSync(dir, { recursive: true });
    const store = await openStore({ dir });
    await store.writer.beginRun(RUN);
    await store.writer.writeMinutes(Array.from({ length: 3000 }, (_, i) => minuteRow(i)));
    expect(await rows(through, 'SELECT count() AS n FROM function_minutes')).toEqual([{ n: 3000 }]);
    const [direct, remote] = [await everything(store), await everything(through)];
    expect(remote).toEqual(direct);
    await expect(rows(through, 'SELECT * FROM nowhere')).rejects.toMatchObject({
      code: 'BAD_QUERY',
      message: expect.stringMatching(/nowhere/),
    });
    await expect(rows(through, 'DROP TABLE runs_data')).rejects.toMatchObject({ code: 'BAD_QUERY' });
    await expect(rows(through, `SELECT '${'x'.repeat(1 << 20)}'`)).rejects.toMatchObject({
      code: 'BAD_QUERY',
      message: 'the query is longer than 1 MB',
    });
    await store.close();
    expect(await askHolder(dir, { sql: 'SELECT 1', format: 'json', params: {} })).toBeNull();
  });
});

describe('killed with -9 in the middle', () => {
  test('three times, then run whole, it holds what an undisturbed run does', async () => {
    for (const until of ['wrote 1000', 'wrote 6000', 'wrote 3000']) await kill(await child('write', until));
    const store = await openStore({ dir });
    expect(await rows(store, 'SELECT status, is_current FROM runs')).toEqual([
      { status: 'interrupted', is_current: 1 },
    ]);
    const [partial] = (await rows(store, 'SELECT count() AS n FROM function_minutes')) as [{ n: number }];
    expect(partial.n).toBeGreaterThanOrEqual(3000);
    await writeRun(store, 5000);
    const disturbed = await everything(store);
    await store.close();

    rmSync(dir, { recursive: true });
    const fresh = await openStore({ dir });
    await writeRun(fresh, 5000);
    expect(disturbed).toEqual(await everything(fresh));
    await fresh.close();
  });
});
