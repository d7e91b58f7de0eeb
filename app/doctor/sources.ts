import { expandInputs } from '../../ingest/sources/inputs.ts';
import type { Config } from '../config.ts';
import { plural } from '../style.ts';
import { cloudWatchChecks } from './aws.ts';
import { type Check, fail, ok, warn } from './check.ts';
import type { DoctorWorld } from './world.ts';

/** Whether each source of the configuration has something to read and lets us. */
export function sourceChecks({ live }: Config, world: DoctorWorld): Check[] {
  return live.sources.flatMap((source, i) => {
    const what = `source ${i + 1}`;
    if ('cloudwatch' in source) return cloudWatchChecks(source.cloudwatch, world);
    return [fileCheck(what, source.files)];
  });
}

function fileCheck(what: string, files: readonly string[]): Check {
  return {
    what,
    async run() {
      const { inputs, problems } = await expandInputs(files);
      const denied = problems.find(({ message }) => /permission|EACCES/i.test(message));
      if (denied !== undefined)
        return [fail(what, `${denied.name}: ${denied.message}`, 'let the user that runs tripline read it')];
      if (inputs.length === 0)
        return [
          warn(
            what,
            `${files.join(', ')}: no file is there yet`,
            'look at the pattern; files that come later are found',
          ),
        ];
      return [ok(what, `${files.join(', ')}: ${plural(inputs.length, 'file')}`)];
    },
  };
}
