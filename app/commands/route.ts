import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { matches } from '../../alerts/desk-match.ts';
import { routesOf } from '../../alerts/desk-teller.ts';
import type { AlertEvent } from '../../alerts/event.ts';
import { eventFault, isAlertEvent } from '../../alerts/event-check.ts';
import { loadConfig } from '../config.ts';
import { CONFIG_FLAG, configFileOf } from '../config-file.ts';
import { deskSettingsOf } from '../config-routes.ts';
import { InputError, type Io } from '../io.ts';
import { shown } from '../style.ts';

const HELP = `
ALERT.json is one alert event, as tripline replay --out, a file destination or a web hook has them; - reads it from standard
input. Of several lines the first counts.

Examples:
  $ tripline replay export/ --out alerts.ndjson && tripline route test alerts.ndjson
`;

/** `tripline route test` */
export function routeCommand(io: Io): Command {
  const test = new Command('test')
    .description('show which destinations an alert goes to, and by which routes')
    .argument('<alert>', 'file of one alert event (JSON), or - for standard input')
    .option(...CONFIG_FLAG)
    .addHelpText('after', HELP)
    .action(async (file: string, _flags: unknown, command: Command) => {
      const config = configFileOf(command.optsWithGlobals<{ config?: string }>(), io);
      const settings = deskSettingsOf(loadConfig(config ?? undefined, io.env).live);
      const event = alertIn(file === '-' ? await text(io.stdin) : read(file), file);
      const lines: string[] = [];
      for (const [i, route] of settings.routes.entries()) {
        const isMatch = matches(route.match, event, 'some');
        const what = isMatch ? `matches, to ${route.to.join(', ')}` : 'does not match';
        lines.push(`route ${i + 1}: ${what}${isMatch && !route.continue ? '; the ones below are not asked' : ''}`);
        if (isMatch && !route.continue) break;
      }
      if (lines.length === 0) lines.push('no routes: everything goes everywhere');
      const to = routesOf(event, settings);
      lines.push(to.length === 0 ? 'nobody is told' : `told: ${to.join(', ')}`);
      await io.stdout.write(`${lines.join('\n')}\n`);
    });
  return new Command('route')
    .description('see where alerts go')
    .option(...CONFIG_FLAG)
    .addCommand(test);
}

/** @throws {InputError} */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${shown(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** @throws {InputError} */
function alertIn(content: string, file: string): AlertEvent {
  const fault = (why: string) => new InputError(`${shown(file)}: ${why}`);
  let data: unknown;
  try {
    data = JSON.parse(content);
  } catch {
    try {
      data = JSON.parse(content.trimStart().split('\n', 1)[0] ?? '');
    } catch {
      throw fault('no JSON');
    }
  }
  // a notice holds the event it is about
  const inside = (data as { readonly event?: unknown } | null)?.event;
  const event = typeof inside === 'object' ? inside : data;
  if (!isAlertEvent(event)) throw fault(`no alert event: ${eventFault(event)}`);
  return event;
}
