import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FAULT_KINDS } from './fault-plan.ts';
import { HALF_A_MINUTE } from './moto-plans.ts';
import { isRight, watchMoto } from './moto-run.ts';

const MOTO_URL = process.env['MOTO_URL'] ?? '';
if (MOTO_URL === '') process.stderr.write('SKIPPED: a run against moto; npm run test:cloudwatch\n');

/** `npm run test:moto` is the same for five minutes. */
(MOTO_URL === '' ? test.skip : test)(
  'half a minute of moto behind faults of every kind, with a kill -9: every event is taken once',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tripline-moto-'));
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    try {
      const program = [process.execPath, '--import', 'tsx', 'app/main.ts'];
      const said: string[] = [];
      const result = await watchMoto({
        ...HALF_A_MINUTE,
        motoUrl: MOTO_URL,
        dir,
        program,
        say: (line) => said.push(line),
      });
      process.stderr.write(`${said.join('\n')}\n${JSON.stringify(result)}\n`);
      expect({ ...result, isBalanced: isRight(result) }).toMatchObject({ isBalanced: true, missing: 0, twice: 0 });
      expect(result.written).toBeGreaterThan(500);
      expect(result.groups.recreated).toBeGreaterThan(0);
      expect(FAULT_KINDS.filter((kind) => result.faults[kind] === 0)).toEqual([]);
    } finally {
      process.env = { ...before };
      rmSync(dir, { recursive: true, force: true });
    }
  },
  400_000,
);
