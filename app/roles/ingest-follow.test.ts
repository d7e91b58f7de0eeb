import { expect, test } from '@jest/globals';
import { unrotated } from './ingest-follow.ts';

test.each([
  ['a.log.1', 'a.log'],
  ['a.log.12.gz', 'a.log'],
  ['a.log-20261109', 'a.log'],
  ['a.log-20261109.gz', 'a.log'],
  ['a-2026-11-09.log', 'a.log'],
  ['fn-1.log', 'fn-1.log'],
  ['fn-1', 'fn-1'],
])('%s is, or was, %s', (name, expected) => expect(unrotated(name)).toBe(expected));
