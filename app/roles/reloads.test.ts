import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Notice } from '../../alerts/notice.ts';
import { connectPeers } from '../../infra/control.ts';
import { generateFleet } from '../../scenarios/fleet.ts';
import { loadConfig, parseConfig } from '../config.ts';
import type { Io } from '../io.ts';
import { askOne } from '../running.ts';
import type { RoleContext } from './context.ts';
import { runDetect } from './detect.ts';
import { runHost } from './host.ts';
import { FollowingIngest } from './ingest-follow.ts';
import { runNotify } from './notify.ts';
import { changesOf } from './reload.ts';
import type { Reloaded } from './reloads.ts';
import type { HostRole } from './running-roles.ts';

describe('what differs', () => {
  const loaded = (yaml: string) => ({ config: parseConfig(yaml, 'c.yaml'), model: null });
  const names = (before: string, after: string) => {
    const { fixed, sections, kinds } = changesOf(loaded(before), loaded(after));
    return { fixed, sections, kinds: [...kinds].sort((a, b) => (a < b ? -1 : 1)) };
  };

  test('is told by section, and concerns those who read it', () => {
    expect(names('', '')).toEqual({ fixed: [], sections: [], kinds: [] });
    expect(names('', 'destinations: [{type: stdout}]')).toEqual({
      fixed: [],
      sections: ['destinations'],
      kinds: ['notify'],
    });
    expect(names('', 'sources: [{files: x}]')).toEqual({ fixed: [], sections: ['sources'], kinds: ['reading'] });
    expect(names('', 'detection: {bar: 5}')).toEqual({ fixed: [], sections: ['detection'], kinds: ['detect'] });
    expect(names('', 'log: {level: debug}')).toEqual({
      fixed: [],
      sections: ['log'],
      kinds: ['detect', 'notify', 'reading'],
    });
  });

  test('another secret is a difference', () => {
    const of = (key: string) => `destinations: [{type: pagerduty, routingKey: ${key.repeat(32)}}]`;
    expect(names(of('a'), of('a')).sections).toEqual([]);
    expect(names(of('a'), of('b')).sections).toEqual(['destinations']);
  });

  test('what is open for as long as the process lives is named', () => {
    const yaml = 'bus: {local: {dir: x}}\nstore: none\nstate: y\nhttp: {listen: off}\nlimits: {storeBufferMb: 1}';
    expect(names('', yaml).fixed).toEqual(
      expect.arrayContaining(['bus', 'store', 'state', 'http', 'limits.storeBufferMb']),
    );
  });
});

let dir = '';
let stop = () => {};
let ended: Promise<void> = Promise.resolve();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reload-'));
});
afterEach(async () => {
  stop();
  await ended;
  rmSync(dir, { recursive: true, force: true });
});

const silent = { isTTY: false, write: async () => {} };
const file = () => join(dir, 'tripline.yaml');
const write = (rest: string) =>
  writeFileSync(
    file(),
    `store: none\nstate: ${dir}/state\nbus: {local: {dir: ${dir}/bus}}\nhttp: {listen: off}\nlog: {level: error}\nlive: {snapshotMs: 1000}\nsources: [{files: ${dir}/logs}]\n${rest}`,
  );

/** The whole installation in this process, on its own folders. */
function start(extra: readonly HostRole[] = []): void {
  const io: Io = {
    stdin: (async function* () {})(),
    stdout: silent,
    stderr: silent,
    env: {},
    nowMs: () => 0,
    onInterrupt: (asked) => {
      stop = asked;
      return () => {};
    },
  };
  const reread = () => loadConfig(file(), {});
  const roles: HostRole[] = [
    {
      name: 'ingest',
      run: (context: RoleContext) =>
        new FollowingIngest(
          context,
          context.config.live.sources.filter((it) => 'files' in it),
        ).run(),
    },
    { name: 'detect', run: runDetect },
    { name: 'notify', run: runNotify },
    ...extra,
  ];
  ended = runHost({
    name: 'run',
    config: reread(),
    file: file(),
    reread,
    model: undefined,
    io,
    version: '1',
    roles: async () => roles,
    needsStore: false,
  });
}

async function until<Result>(look: () => Promise<Result | null> | Result | null): Promise<Result> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const peer = () => until(async () => (await connectPeers(join(dir, 'state')))[0] ?? null);
const reload = async () => askOne<Reloaded>(await peer(), 'reload');
const noticesIn = (name: string) => {
  const text = readFileSync(join(dir, name), { encoding: 'utf8', flag: 'a+' });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Notice);
};

describe('a reload of a running installation', () => {
  test('with alerts under way: none is lost or doubled, whoever began anew', async () => {
    const fleet = generateFleet({
      seed: 7,
      functions: 12,
      days: 0.5,
      invocations: 4000,
      startMs: Date.UTC(2026, 10, 9),
      incidents: 6,
    });
    const lines = [...fleet.lines()];
    const destinations = `destinations: [{type: file, path: ${dir}/alerts.ndjson}]\n`;
    write(destinations);
    writeFileSync(join(dir, 'logs'), '');
    start();
    await peer();
    const parts = 6;
    let changes = 0;
    for (let part = 0; part < parts; part++) {
      const from = Math.floor((lines.length * part) / parts);
      const to = Math.floor((lines.length * (part + 1)) / parts);
      writeFileSync(join(dir, 'logs'), `${lines.slice(from, to).join('\n')}\n`, { flag: 'a' });
      const owners = part % 2 === 0 ? `pages_per_week: ${part + 6}\n` : '';
      write(destinations + owners);
      const { roles, sections } = await reload();
      changes += roles.length;
      expect(sections.length === 0 ? roles : [...roles, ...sections]).not.toEqual([]);
    }
    expect(changes).toBeGreaterThanOrEqual(parts);
    const opened = await until(() => {
      const notices = noticesIn('alerts.ndjson');
      return notices.length >= 8 ? notices : null;
    });
    stop();
    await ended;
    const all = noticesIn('alerts.ndjson');
    const keys = all.map(({ incident_id, version }) => `${incident_id}-${version}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(all.length).toBeGreaterThanOrEqual(opened.length);
    for (const id of new Set(all.map(({ incident_id }) => incident_id))) {
      const versions = all.filter((it) => it.incident_id === id).map(({ version }) => version);
      expect(versions).toEqual(versions.map((_, i) => i + 1)); // none is missing
    }
  });

  test('what is wrong is refused with its line, what needs a restart by its name, and everything stays', async () => {
    writeFileSync(join(dir, 'logs'), '');
    write('destinations: []\n');
    start();
    await peer();
    write('destinations: [{type: stdout}]\nbogus: 1\n');
    await expect(reload()).rejects.toMatchObject({
      message: expect.stringMatching(/tripline\.yaml:9: bogus: unknown key/),
    });
    write('destinations: [{type: stdout}]\nlimits: {storeBufferMb: 7}\n');
    await expect(reload()).rejects.toMatchObject({
      message: expect.stringContaining('limits.storeBufferMb: cannot change while it runs'),
    });
    write('destinations: [{type: stdout}]\n');
    expect(await reload()).toMatchObject({ sections: ['destinations'], roles: ['notify'] }); // nothing of the others was taken
  });

  test('a role that does not start with it: the configuration before is in use again', async () => {
    writeFileSync(join(dir, 'logs'), '');
    write('destinations: []\n');
    const lives: number[] = [];
    const picky: HostRole = {
      name: 'picky',
      run: async ({ config, health, signal }) => {
        lives.push(config.live.sources.length);
        if (config.live.sources.length > 1) throw new Error('two are too many');
        health.register('picky', { deadlineMs: 1e9 }).ready(true);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    };
    start([picky]);
    await peer();
    writeFileSync(
      file(),
      readFileSync(file(), 'utf8').replace(/sources: .*/, `sources: [{files: ${dir}/logs}, {files: ${dir}/more}]`),
    );
    await expect(reload()).rejects.toMatchObject({
      message: 'two are too many; the configuration before is in use again',
    });
    expect(lives).toEqual([1, 2, 1]);
    expect(await reload().catch(({ message }: Error) => message)).toContain('two are too many'); // and it can be asked again
  });
});
