import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { Io } from '../io.ts';
import { withModel } from '../model.ts';

/** `tripline check`: every problem of a config file at once. */
export function checkCommand(io: Io): Command {
  return new Command('check')
    .description('check a config file: prints every problem with its line and exits with 2, or prints ok')
    .argument('<config>', 'config file (YAML)')
    .action(async (file: string) => {
      withModel(loadConfig(file, io.env), undefined); // throws with all problems
      await io.stdout.write('ok\n');
    });
}
