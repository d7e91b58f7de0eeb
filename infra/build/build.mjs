// Build: tsc to dist/, then copy the data files that code reads beside itself, and make the command executable.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
});
for (const dir of ['infra/sql', 'ingest', 'models', 'alerts', 'docs', 'scenarios']) {
  if (!existsSync(join(root, dir))) continue;
  for (const file of readdirSync(join(root, dir), { recursive: true })) {
    if (/\.(json|sql|ndjson|bin)$/.test(String(file)))
      cpSync(join(root, dir, String(file)), join(root, 'dist', dir, String(file)));
  }
}
const main = join(root, 'dist/app/main.js');
if (existsSync(main)) chmodSync(main, 0o755);
