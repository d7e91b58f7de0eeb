import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from './broker.ts';
import type { Processes } from './processes.ts';

/** What all runs share. */
export interface Lab {
  readonly processes: Processes;
  /** of the project */
  readonly root: string;
  /** of everything that runs leave */
  readonly dir: string;
  /** host:port,host:port */
  readonly brokers: string;
  /** null = the broker is somebody else's: it can be neither ended nor paused */
  readonly ownBroker: Broker | null;
  readonly seed: number;
  readonly isQuick: boolean;
  /** how long a run is fed, ms */
  readonly feedMs: number;
  /** file of the fleet's log lines */
  readonly file: string;
  readonly say: (message: string) => void;
}

export function folderOf(lab: Lab, name: string): string {
  const dir = join(lab.dir, name.replaceAll(/[^a-z0-9]+/gi, '-'));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Asks until the answer is yes. @throws {Error} where it is not in time */
export async function until(what: string, withinMs: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const lateMs = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > lateMs) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await wait(100);
  }
}
