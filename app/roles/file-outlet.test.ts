import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Notice } from '../../alerts/notice.ts';
import type { DeliveryStage } from './delivery-stage.ts';
import { fileOutlet } from './file-outlet.ts';
import { noticeOf, stageOf } from './fixtures/deliveries.ts';
import { encodeNotice } from './notices.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'file-outlet-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const record = (n: number) => encodeNotice({ epoch: 'e', n, notice: noticeOf(n, 1), to: ['file'] });
const path = () => join(dir, 'alerts.ndjson');
const ids = () => readFileSync(path(), 'utf8').trim().split('\n').map(idOf);
const idOf = (line: string) => (line.startsWith('{"schema"') ? (JSON.parse(line) as Notice).incident_id : line);
const line = (n: number) => `i${n}`;

/** A process that goes on from `pages`, or begins. */
const open = (pages: ReadonlyMap<string, Uint8Array> | null): DeliveryStage =>
  stageOf(pages, (mark) => fileOutlet('file', path(), mark));

describe('notices in a file', () => {
  test.each([
    { name: 'that is not there yet', before: null },
    { name: 'that somebody else wrote to before', before: '{"alert_id":"theirs"}\n' },
  ])('stand there once, whenever the process dies: a file $name', async ({ before }) => {
    if (before !== null) writeFileSync(path(), before);
    const first = open(null);
    const begun = await first.begin();
    await first.absorb([record(1), record(2)], 0); // and dies
    const second = open(begun);
    await second.absorb([record(1), record(2)], 0);
    const saved = second.snapshot();
    await second.absorb([record(3)], 2); // and dies
    const third = open(saved);
    await third.absorb([record(2), record(3), record(4)], 1);
    const theirs = before === null ? [] : [before.trim()];
    expect(ids()).toEqual([...theirs, line(1), line(2), line(3), line(4)]);
  });

  test('a file that was replaced meanwhile is left as it is', async () => {
    const first = open(null);
    const begun = await first.begin();
    await first.absorb([record(1)], 0);
    rmSync(path());
    writeFileSync(`${path()}.new`, 'rotated, and longer than before\n');
    writeFileSync(path(), readFileSync(`${path()}.new`));
    await open(begun).absorb([record(1)], 0);
    expect(ids()).toContain(line(1));
  });
});
