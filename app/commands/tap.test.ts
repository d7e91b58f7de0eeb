import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHealth } from '../../infra/health.ts';
import { createLog } from '../../infra/log.ts';
import { type FragmentBlock, FragmentWriter } from '../../ingest/fragment.ts';
import { CALLS, file, LOG, tripline } from '../../test/captured-run.ts';
import { parseConfig } from '../config.ts';
import { parserOf } from '../parts.ts';
import { serveCommands } from '../roles/control.ts';
import type { Reloads } from '../roles/reloads.ts';
import { Watch } from '../roles/watch.ts';
import type { TapEvent } from '../tap-event.ts';

const eventsOf = (out: string) =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TapEvent);

describe('tripline tap FILE', () => {
  test('shows each call with its figures, and of a secret no more than its kind', async () => {
    const { code, out } = await tripline(['tap', file('a.log', LOG), '--json']);
    const events = eventsOf(out);
    const reports = events.filter(({ kind }) => kind === 'report');
    expect(code).toBe(0);
    expect(reports.length).toBeGreaterThanOrEqual(CALLS); // duplicates are still among them
    expect(reports[0]).toMatchObject({
      provider: 'aws',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      duration_ms: expect.any(Number),
      memory_mb: expect.any(Number),
    });
    expect(events.find(({ kind }) => kind === 'content')).toMatchObject({
      function: 'pay',
      content: expect.stringContaining('key'),
    });
    expect(out).not.toContain('AKIA');
  });

  test('for people, of one function, so many', async () => {
    const { out } = await tripline(['tap', file('a.log', LOG), '--function', 'p?y']);
    expect(out.split('\n').filter(Boolean)).toEqual([
      expect.stringMatching(/^09:30:00\.000 {2}pay {2}content {2}content: /),
    ]);
    expect((await tripline(['tap', file('a.log', LOG), '--limit', '7'])).out.split('\n')).toHaveLength(8);
    expect(await tripline(['tap', file('a.log', LOG), '--limit', '0'])).toMatchObject({ code: 2 });
  });

  test('a file that cannot be read to its end is shown as far as it goes, and the next one after it', async () => {
    const inputs = [
      file('cut.gz', gzipSync(LOG).subarray(0, -9)),
      file('empty.log', ''),
      file('image.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1)),
      file('a.log', LOG),
    ];
    const { code, out, err } = await tripline(['tap', ...inputs, '--json']);
    expect(code).toBe(0);
    expect(eventsOf(out).filter(({ kind }) => kind === 'report').length).toBeGreaterThan(CALLS);
    expect(err).toMatch(/cut\.gz: truncated gzip/);
    expect(err).toMatch(/empty\.log: empty file/);
    expect(err).toMatch(/image\.png: /);
    expect(await tripline(['tap', inputs[1]!])).toMatchObject({ code: 1, err: `error: ${inputs[1]}: empty file\n` });
  });

  test('what cannot be used is counted with its place', async () => {
    const { err } = await tripline(['tap', file('bad.json', '{"messageType":"DATA_MESSAGE","logEvents":"x"}\n')]);
    expect(err).toMatch(/1 could not be used, the first: .*bad\.json/);
  });
});

describe('of a running process', () => {
  let dir = '';
  let close = async () => {};
  const watch = new Watch();
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tap-'));
    close = await serveCommands({
      name: 'run',
      version: '1.2.3',
      file: null,
      state: join(dir, 'state'),
      log: createLog({ level: 'error', to: { isTerminal: false, write: () => {} } }),
      metrics: { text: async () => 'tripline_detect_functions 3\ntripline_detect_lag_seconds{partition="0"} 12.5\n' },
      health: createHealth(),
      watch,
      reloads: {
        loaded: { config: parseConfig('destinations: [{type: stdout}]', 'c.yaml'), model: null },
      } as unknown as Reloads,
    });
  });
  afterEach(async () => {
    await close();
    rmSync(dir, { recursive: true, force: true });
  });
  const flags = () => ['--config', file('c.yaml', `state: ${dir}/state\nstore: "\${NOT_SET}"\n`)]; // only the folder is needed

  /** Blocks of a fleet, offered as a detect stage does once somebody taps. */
  async function offerOnceTapped(times: number): Promise<void> {
    const blocks: FragmentBlock[] = [];
    const writer = new FragmentWriter((block) => blocks.push(block));
    const parser = parserOf({})('x', writer, () => {});
    parser.push(Buffer.from(LOG));
    parser.end();
    writer.flush();
    while (!watch.isTapped) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let k = 0; k < times; k++) for (const block of blocks) watch.offer(block);
  }

  test('tap shows what passes, and afterwards nobody is tapping', async () => {
    const [ran] = await Promise.all([tripline(['tap', '--json', '--limit', '20', ...flags()]), offerOnceTapped(1)]);
    expect(ran).toMatchObject({ code: 0 });
    expect(eventsOf(ran.out)).toHaveLength(20);
    while (watch.isTapped) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('what is above its share is left out, and said', async () => {
    const ran = tripline(['tap', '--json', ...flags()], {
      onWrite: (_text, stream, interrupt) => {
        if (stream === 'err') interrupt();
      },
    });
    await offerOnceTapped(3);
    const { err, out } = await ran;
    expect(err).toMatch(/^… [\d,]+ events left out\n/);
    expect(eventsOf(out).length).toBeLessThanOrEqual(2000);
  });

  test('top --json gives a line a function; status one screen', async () => {
    const end = watch.host(() => [
      {
        fn: 'aws/1/eu-west-1/pay',
        minutes: 5,
        calls: 10,
        errors: 1,
        p95Ms: 50,
        dollarsPerHour: 0.5,
        lastSeenMs: 0,
        incidents: 1,
      },
    ]);
    const { out } = await tripline(['top', '--json', ...flags()]);
    expect(JSON.parse(out)).toMatchObject({
      function: 'pay',
      calls_per_minute: 2,
      error_share: 0.1,
      p95_ms: 50,
      open_alerts: 1,
    });
    const status = await tripline(['status', ...flags()]);
    expect(status.code).toBe(1); // nothing is registered, so it is starting
    expect(status.out).toMatch(/run \(process \d+, version 1\.2\.3\) not ready/);
    expect(status.out).toContain('12.5 s of event time');
    expect(status.out).toContain('1 open incident');
    expect(status.out).toMatch(/destinations +stdout/);
    end();
  });

  test('where nobody runs it says what to do; exit code 1', async () => {
    await close();
    for (const command of ['tap', 'top', 'status', 'reload'])
      expect(await tripline([command, ...flags()])).toMatchObject({
        code: 1,
        err: expect.stringContaining('start one with tripline run'),
      });
  });
});
