import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServerAddress } from './clickhouse-server.ts';
import { type Front, type FrontOptions, startFront } from './dev/front.ts';
import { openLiveStore, openStore } from './store.ts';
import { temporary } from './store-places.fixture.ts';
import { minuteRow, RUN, rows } from './store-samples.fixture.ts';

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

let root = '';
let ours: Certificate;
let other: Certificate;
let front: Front;

/** Signed by itself, for 127.0.0.1. */
function certificate(name: string): Certificate {
  const file = (end: string) => join(root, `${name}.${end}`);
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const made = ['-keyout', file('key'), '-out', file('crt')];
  execFileSync('openssl', ['req', '-x509', ...curve, ...made, ...subject], { stdio: 'pipe' });
  return { key: readFileSync(file('key'), 'utf8'), cert: readFileSync(file('crt'), 'utf8') };
}

const start = async (options: FrontOptions): Promise<string> => {
  front = await startFront(join(root, 'served'), options);
  return front.url;
};
const serves = async (address: ServerAddress): Promise<unknown[]> => {
  const store = await openStore(address);
  const answer = await rows(store, 'SELECT 1 AS one');
  await store.close();
  return answer;
};

beforeAll(() => {
  root = temporary();
  ours = certificate('ours');
  other = certificate('other');
});
afterEach(async () => front.close());
afterAll(() => rmSync(root, { recursive: true }));

describe('a server that speaks https', () => {
  test('is reached with its certificate authority, and not with another or none', async () => {
    const url = await start({ tls: ours });
    expect(await serves({ url, tls: { ca: ours.cert } })).toEqual([{ one: 1 }]);
    const failure = {
      code: 'STORE_FAILED',
      message: expect.stringMatching(/^cannot write to the store in 127.*certificate/),
    };
    await expect(serves({ url, tls: { ca: other.cert } })).rejects.toMatchObject(failure);
    await expect(serves({ url })).rejects.toMatchObject(failure);
  });

  test('and asks who we are is shown our certificate', async () => {
    const url = await start({ tls: { ...ours, ca: other.cert } });
    expect(await serves({ url, tls: { ca: ours.cert, ...other }, user: 'worker', password: 'x' })).toEqual([
      { one: 1 },
    ]);
    expect(await serves({ url, tls: { ca: ours.cert, ...other } })).toEqual([{ one: 1 }]);
    await expect(serves({ url, tls: { ca: ours.cert } })).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('with a wrong certificate is not waited for by a live writer: nothing would change', async () => {
    const url = await start({ tls: ours });
    const options = { deadLetterDir: root, onTrouble: () => undefined, onDeadLetters: () => undefined };
    await expect(openLiveStore({ url, tls: { ca: other.cert } }, options)).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
  });
});

describe('a server with users', () => {
  const login = { user: 'worker', password: 'old' };

  test('answers those it knows, by password or by file', async () => {
    const url = await start({ login });
    const passwordFile = join(root, 'password');
    writeFileSync(passwordFile, 'old\n');
    expect(await serves({ url, ...login })).toEqual([{ one: 1 }]);
    expect(await serves({ url, user: 'worker', passwordFile })).toEqual([{ one: 1 }]);
    await expect(serves({ url, user: 'worker', password: 'secret-guess' })).rejects.toMatchObject({
      message: expect.not.stringContaining('secret-guess'),
    });
  });

  test('may change the password: the file is read again, for questions, statements and rows', async () => {
    const passwordFile = join(root, 'rotated');
    writeFileSync(passwordFile, 'old');
    const store = await openStore({ url: await start({ login }), user: 'worker', passwordFile });
    const rotate = (password: string) => {
      writeFileSync(passwordFile, password);
      front.setLogin({ user: 'worker', password });
    };
    rotate('new');
    await store.writer.beginRun(RUN);
    rotate('newer');
    await store.writer.writeMinutes([minuteRow(0)]);
    await store.writer.flush();
    rotate('newest');
    expect(await rows(store, 'SELECT count() AS n FROM function_minutes')).toEqual([{ n: 1 }]);
    await store.close();
  });

  test('that knows the new password before the file does is waited for by a live writer', async () => {
    const passwordFile = join(root, 'late');
    writeFileSync(passwordFile, 'old');
    const said: string[] = [];
    const store = await openLiveStore(
      { url: await start({ login }), user: 'worker', passwordFile },
      { deadLetterDir: root, onTrouble: (message) => said.push(message), onDeadLetters: (message) => said.push(message), backoff: { firstMs: 5, mostMs: 20 }, calmMs: 0 }, // biome-ignore format: one line
    );
    await store.writer.beginRun({ ...RUN, runId: 'aa' });
    front.setLogin({ user: 'worker', password: 'new' });
    await store.writer.writeMinutes([minuteRow(0)]);
    const flushed = store.writer.flush();
    while (store.writer.stats.retries < 3) await new Promise((done) => setTimeout(done, 5));
    writeFileSync(passwordFile, 'new');
    await flushed;
    expect(said).toEqual([
      expect.stringContaining('Authentication failed'),
      expect.stringContaining('takes rows again'),
    ]);
    await store.close();
  });

  test.each<[string, Partial<ServerAddress>, string]>([
    [
      'two passwords',
      { password: 'a', passwordFile: 'b' },
      "the store's address: give password or passwordFile, not both",
    ],
    [
      'no file',
      { passwordFile: '/nowhere/password' },
      "cannot read the store's password file /nowhere/password (ENOENT)",
    ],
    ['tls without https', { tls: {} }, "the store's address: tls needs a URL that begins with https://"],
    [
      'another protocol',
      { url: 'tcp://localhost' },
      "the store's address: the URL must begin with http:// or https://",
    ],
    [
      'no PEM',
      { url: 'https://localhost', tls: { ca: 'x' } },
      "the store's address: tls.ca is not a certificate in PEM",
    ],
    [
      'half',
      { url: 'https://localhost', tls: { key: 'x' } },
      "the store's address: tls.cert and tls.key belong together",
    ],
  ])('an address that cannot be right is a clear error: %s', async (_name, part, message) => {
    const address = { url: await start({}), ...part };
    await expect(openStore(address)).rejects.toMatchObject({ code: 'STORE_FAILED', message });
  });
});

test('the front runs as a process of its own, and its faults are switched over HTTP', async () => {
  await start({}); // for afterEach
  const script = ['--import', 'tsx', 'infra/dev/clickhouse-front.ts', '--dir', join(root, 'child')];
  const child = spawn(process.execPath, script, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = '', value = ''] = line.split('=', 2);
    said[name] = value;
    if (name === 'CONTROL_URL') break;
  }
  const url = said['CLICKHOUSE_URL']!;
  const set = async (faults: object) =>
    (await fetch(`${said['CONTROL_URL']}/faults`, { method: 'POST', body: JSON.stringify(faults) })).status;
  expect(await serves({ url })).toEqual([{ one: 1 }]);
  expect(await set({ away: true })).toBe(200);
  await expect(serves({ url })).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  expect(await set({ away: false, errorShare: 1 })).toBe(200);
  const store = await openStore({ url });
  await expect(store.writer.beginRun(RUN)).rejects.toMatchObject({ message: expect.stringContaining('injected') });
  await store.close();
  expect(await set({ rain: true })).toBe(400);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
});
