import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ControlHandler, type ControlPeer, connectPeers, serveControl } from './control.ts';
import { controlDir, readCards } from './control-socket.ts';

let dir = '';
let close: () => Promise<void> = async () => {};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'control-'));
});
afterEach(async () => {
  await close();
  close = async () => {};
  rmSync(dir, { recursive: true, force: true });
});

const serve = async (handle: ControlHandler) => {
  close = await serveControl(dir, 'run', handle);
};

async function onlyPeer(): Promise<ControlPeer> {
  const [peer, ...others] = await connectPeers(dir);
  expect(others).toEqual([]);
  return peer!;
}

async function all(items: AsyncGenerator<unknown, void>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the control socket', () => {
  test('answers item by item, and says what it refuses', async () => {
    await serve(async ({ op }, reply) => {
      if (op === 'bad') throw new Error('c.yaml:3: sources: no');
      for (const k of [1, 2, 3]) await reply.send({ op, k });
    });
    expect(await all((await onlyPeer()).ask({ op: 'count' }))).toEqual([1, 2, 3].map((k) => ({ op: 'count', k })));
    await expect(all((await onlyPeer()).ask({ op: 'bad' }))).rejects.toMatchObject({
      code: 'REFUSED',
      message: 'c.yaml:3: sources: no',
    });
  });

  test("is its owner's alone, and gone with the process", async () => {
    await serve(async () => {});
    expect(statSync(controlDir(dir)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(controlDir(dir)))
      expect(statSync(join(controlDir(dir), name)).mode & 0o777).toBe(0o600);
    await close();
    expect(readdirSync(controlDir(dir))).toEqual([]);
    expect(await connectPeers(dir)).toEqual([]);
  });

  test('who does not show the token, or sends no request, is refused', async () => {
    let calls = 0;
    await serve(async () => {
      calls++;
    });
    const { path, token } = readCards(dir)[0]!.card;
    const said = async (line: string) => {
      const socket = createConnection(path);
      socket.write(line);
      return text(socket);
    };
    expect(await said('{"op":"reload"}\n')).toContain('not the token');
    expect(await said(`{"op":"reload","token":"${'x'.repeat(token.length)}"}\n`)).toContain('not the token');
    expect(await said('junk\n')).toContain('not a request');
    expect(await said(`{"token":"${token}"}\n`)).toContain('op is missing');
    expect(await said(`${'x'.repeat(70_000)}`)).toContain('longer than 64 KiB');
    expect(calls).toBe(0);
    expect(await said(`{"op":"reload","token":"${token}"}\n`)).toBe('{"end":true}\n');
  });

  test('a reader that does not read costs bounded memory: what it is not offered is counted', async () => {
    const item = 'x'.repeat(10_000);
    let taken = 0;
    let dropped = 0;
    const done = new Promise<void>((resolve) => {
      void serve(async (_request, reply) => {
        for (let i = 0; i < 2000; i++) {
          if (reply.offer({ item })) taken++;
          else dropped++;
        }
        resolve();
      }).then(async () => {
        const { path, token } = readCards(dir)[0]!.card;
        const socket = createConnection(path);
        socket.pause().write(`${JSON.stringify({ op: 'tap', token })}\n`);
      });
    });
    await done;
    expect(taken + dropped).toBe(2000);
    expect(taken).toBeLessThan(100);
  });

  test('the handler hears when the reader leaves', async () => {
    let left: () => void = () => {};
    const isGone = new Promise<void>((resolve) => {
      left = resolve;
    });
    await serve(async (_request, reply) => {
      await reply.send('first');
      await new Promise<void>((resolve) => reply.signal.addEventListener('abort', () => resolve()));
      left();
    });
    for await (const _ of (await onlyPeer()).ask({ op: 'tap' })) break;
    await isGone;
  });

  test("what a dead process left is passed over and removed; other hosts' are left alone", async () => {
    await serve(async () => {});
    const [own] = readdirSync(controlDir(dir)).filter((name) => name.endsWith('.json'));
    const dead = own!.replace(/-\d+\.json$/, '-999999999.json');
    const foreign = own!.replace(/^[0-9a-f]{8}/, '00000000');
    const card = JSON.parse(readFileSync(join(controlDir(dir), own!), 'utf8')) as object;
    await close();
    writeFileSync(join(controlDir(dir), dead), JSON.stringify({ ...card, pid: 999999999 }));
    writeFileSync(join(controlDir(dir), foreign), JSON.stringify(card));
    expect(await connectPeers(dir)).toEqual([]);
    await serve(async () => {});
    const peers = await connectPeers(dir);
    expect(peers.map(({ pid }) => pid)).toEqual([process.pid]);
    for (const peer of peers) peer.close();
    expect(new Set(readdirSync(controlDir(dir)).filter((name) => name.endsWith('.json')))).toEqual(
      new Set([foreign, own]),
    );
  });

  test('works in folders whose names are too long for a socket', async () => {
    dir = join(dir, 'a'.repeat(120));
    await serve(async (_request, reply) => reply.send('here'));
    expect(await all((await onlyPeer()).ask({ op: 'x' }))).toEqual(['here']);
  });
});
