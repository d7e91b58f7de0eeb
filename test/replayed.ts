import type { AlertEvent } from '../alerts/event.ts';
import { parseConfig } from '../app/config.ts';
import { createParts } from '../app/parts.ts';
import { replay } from '../app/replay.ts';

const NOWHERE = { isTTY: false, write: async () => {} };

/** The alert events that a replay of these lines says, as JSON has them. */
export async function replayedEvents(lines: Iterable<string>): Promise<AlertEvent[]> {
  const config = parseConfig('', 'defaults');
  const events: AlertEvent[] = [];
  const listener = {
    phase: async () => {},
    readProgress: () => {},
    stepProgress: () => {},
    alert: async (event: AlertEvent) => void events.push(JSON.parse(JSON.stringify(event))),
  };
  const bytes = async function* () {
    for (const line of lines) yield Buffer.from(`${line}\n`);
  };
  const io = { stdin: bytes(), stdout: NOWHERE, stderr: NOWHERE, env: {}, nowMs: () => 0, onInterrupt: () => () => {} };
  const options = { config, store: null, invocations: 'none', resume: false, memoryBytes: 2 ** 29 } as const;
  await replay([{ name: 'fleet', sizeBytes: null, open: bytes }], options, createParts(config), listener, io);
  return events;
}
