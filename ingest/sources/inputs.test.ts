import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expandInputs } from './inputs.ts';

function folder(files: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'inputs-'));
  for (const file of files) {
    mkdirSync(join(dir, file, '..'), { recursive: true });
    writeFileSync(join(dir, file), file);
  }
  return dir;
}

/** Names below the folder. */
async function namesOf(dir: string, args: readonly string[]): Promise<string[]> {
  const { inputs, problems } = await expandInputs(args.map((arg) => (arg === '-' ? arg : join(dir, arg))));
  expect(problems).toEqual([]);
  return inputs.map(({ name }) => (name === '-' ? name : name.slice(dir.length + 1)));
}

const FILES = [
  'b/2.log',
  'b/10.log',
  'a.log',
  'b/.hidden',
  '.git/config',
  'exp/aws-logs-write-test',
  'exp/s1/000000.gz',
];

test.each([
  { args: ['a.log'], names: ['a.log'] },
  { args: ['.'], names: ['a.log', 'b/10.log', 'b/2.log', 'exp/s1/000000.gz'] },
  { args: ['b', 'a.log'], names: ['b/10.log', 'b/2.log', 'a.log'] },
  { args: ['**/*.log'], names: ['a.log', 'b/10.log', 'b/2.log'] },
  { args: ['b/{2,10}.log'], names: ['b/10.log', 'b/2.log'] },
  { args: ['a.log', '-', 'a.log', '*.log'], names: ['a.log', '-'] },
  { args: ['b/.hidden'], names: ['b/.hidden'] },
])('$args stand for $names', async ({ args, names }) => {
  expect(await namesOf(folder(FILES), args)).toEqual(names);
});

test('a file whose name looks like a pattern is that file', async () => {
  expect(await namesOf(folder(['[1].log', '1.log']), ['[1].log'])).toEqual(['[1].log']);
});

test('links are followed, loops and second names are not', async () => {
  const dir = folder(['d/a.log']);
  symlinkSync(join(dir, 'd'), join(dir, 'd', 'loop'));
  symlinkSync(join(dir, 'd', 'a.log'), join(dir, 'd', 'z.log'));
  const { inputs } = await expandInputs([join(dir, 'd')]);
  expect(inputs).toHaveLength(1);
});

test.each([
  { files: [], arg: 'none.log', message: 'no such file or directory' },
  { files: ['d/.x'], arg: 'd', message: 'folder without log files' },
  { files: ['a.txt'], arg: '*.log', message: 'no file matches' },
  { files: ['a.txt'], arg: '[z-a].log', message: 'not a valid pattern' },
  { files: ['a.txt'], arg: 'a.txt/b', message: 'a part of the path is not a directory' },
])('$arg: $message', async ({ files, arg, message }) => {
  const dir = folder(files);
  expect(await expandInputs([join(dir, arg)])).toEqual({ inputs: [], problems: [{ name: join(dir, arg), message }] });
});
