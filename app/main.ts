#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { processIo } from './process-io.ts';
import { runProgram } from './program.ts';

/** The version of the package this file belongs to, whether it runs as source or built. */
function version(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as PackageJson;
      if (name === 'tripline') return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
}

// eight lines that are no log lines, which nobody who runs this can act on at the time; tripline doctor tells it
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
process.exitCode = await runProgram(process.argv.slice(2), processIo(), version());
process.stdin.destroy(); // whoever was asked to end does not wait for a pipe that may be silent for ever
