import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { generateFleet } from '../../scenarios/fleet.ts';
import { file, folder, LOG, tripline } from '../../test/captured-run.ts';
import { loadConfig } from '../config.ts';
import { loadModel, withModel } from '../model.ts';

jest.setTimeout(300_000);

/** Two days of a few functions: enough to learn from and to hold one back. */
function days(): string {
  const startMs = Date.UTC(2026, 10, 2);
  const fleet = generateFleet({ seed: 4, functions: 20, days: 2, invocations: 40_000, incidents: 1, startMs });
  return `${[...fleet.lines()].join('\n')}\n`;
}

describe('a model trained on files', () => {
  const dir = folder();
  const logs = file('days.ndjson', days());
  const out = join(dir, 'model.json');
  const train = (...more: string[]) =>
    tripline(['train', '--from', logs, '--out', out, '--epochs', '2', '--backend', 'javascript', ...more]);

  test('is written, reported on functions it never saw, and the same again', async () => {
    const { code, out: report, err } = await train();
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^training on [\d,]+ rows with tfjs 4/) });
    expect(report).toMatch(/held out {5}[\d,]+ windows of \d+ other function/);
    expect(report).toMatch(/loss .* held out: \d+ % less than without a model/);
    const model = loadModel(out);
    expect(model.training.lossHeldOut).toBeLessThan(model.training.lossOfMean);
    expect(model.training.maskedRows).toBeGreaterThan(0);
    const first = readFileSync(out, 'utf8');
    await train();
    expect(readFileSync(out, 'utf8')).toBe(first);
  });

  test('enters a replay and the id of its run', async () => {
    const run = async (name: string, ...more: string[]) => {
      const summary = join(dir, name);
      const { code } = await tripline(['replay', logs, '--store', 'none', '--summary', summary, ...more]);
      return { code, id: (JSON.parse(readFileSync(summary, 'utf8')) as { run_id: string }).run_id };
    };
    const without = await run('without.json');
    const by = await run('with.json', '--model', out);
    const config = file('c.yaml', `model: ${out}\n`);
    expect([without.code, by.code]).toEqual([0, 0]);
    expect(by.id).not.toBe(without.id);
    const named = withModel(loadConfig(config, {}), undefined);
    expect(named.config.configHash).toBe(withModel(loadConfig(undefined, {}), out).config.configHash);
    expect(await tripline(['check', config])).toMatchObject({ code: 0 });
  });
});

describe('says what is wrong before anything is done', () => {
  test.each([
    ['no such input', ['--from', '/nowhere/x', '--out', 'm.json'], 1, /nowhere/],
    ['no folder for the model', ['--from', '.', '--out', '/nowhere/m.json'], 1, /\/nowhere: no such folder/],
    ['a folder as the model', ['--from', '.', '--out', '.'], 1, /is a folder: name a file/],
    ['no epochs', ['--from', '.', '--out', 'm.json', '--epochs', '0'], 1, /not a whole number of at least 1/],
  ])('%s', async (_name, flags, _code, rule) => {
    const { code, err } = await tripline(['train', ...flags]);
    expect(code).toBeGreaterThan(0);
    expect(err).toMatch(rule);
  });

  test('too little to learn from', async () => {
    const out = join(folder(), 'm.json');
    const { code, err } = await tripline(['train', '--from', file('hour.ndjson', LOG), '--out', out]);
    expect(code).toBe(1);
    expect(err).toMatch(/too little to learn from: 0 calm windows .* at least 1000 and 100 are needed/);
    expect(existsSync(out)).toBe(false);
  });

  test('a model that is none', async () => {
    const broken = file('broken.json', '{"format":"tripline-model","version":1}');
    const { code, err } = await tripline(['replay', file('a.ndjson', LOG), '--store', 'none', '--model', broken]);
    expect(code).toBe(2);
    expect(err).toMatch(/broken\.json: digest: /);
    const missing = await tripline(['replay', file('a.ndjson', LOG), '--store', 'none', '--model', '/nowhere.json']);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('/nowhere.json: no such file') });
  });
});
