import { expect, test } from '@jest/globals';
import type { StatusItem } from '../roles/control.ts';
import { statusLines } from './status.ts';

const ITEM: StatusItem = {
  pid: 1,
  name: 'run',
  version: '0.1.0',
  file: 'c.yaml',
  startedMs: 0,
  health: { isAlive: true, isReady: true, reasons: [], warnings: [], components: {} } as StatusItem['health'],
  metrics: 'tripline_ingest_sources 3\n',
  sources: 0,
  listener: null,
  incidents: 0,
  destinations: [],
};
const plain = (text: string) => text;
const told = (item: Partial<StatusItem>) =>
  statusLines({ ...ITEM, ...item }, 1000, plain)
    .filter((line) => /sources|listener/.test(line))
    .map((line) => line.trim().replace(/ +/, ' '));

test.each([
  { sources: 1, listener: null, says: ['sources 1 configured, 3 followed'] },
  { sources: 0, listener: '127.0.0.1:8443', says: ['listener 127.0.0.1:8443'] },
  { sources: 1, listener: '127.0.0.1:8443', says: ['sources 1 configured, 3 followed', 'listener 127.0.0.1:8443'] },
  { sources: 0, listener: null, says: ['sources 0 configured, 3 followed'] },
])('status tells where logs come from: $sources sources, listener $listener', ({ says, ...item }) =>
  expect(told(item)).toEqual(says),
);
