import { ControlError, type ControlPeer, connectPeers } from '../infra/control.ts';
import { configFileOf, stateFolderOf } from './config-file.ts';
import type { Io } from './io.ts';

export interface RunningFlags {
  readonly config?: string;
}

/**
 * The processes of the installation that a configuration names, those on this host, connected for one question each.
 * @throws {ControlError} NOT_RUNNING where there is none
 */
export async function runningPeers(flags: RunningFlags, io: Io): Promise<ControlPeer[]> {
  const file = configFileOf(flags, io);
  const state = stateFolderOf(file, io.env);
  const peers = await connectPeers(state);
  if (peers.length > 0) return peers;
  const named = file === null ? 'there is no ./tripline.yaml, so the folder is the default' : `as ${file} says`;
  throw new ControlError(
    'NOT_RUNNING',
    `no process of this user answers in ${state} on this host (${named}): start one with tripline run, or name its config with --config`,
  );
}

/** The one answer of a process. @throws {ControlError} what it says where it refuses */
export async function askOne<Item>(peer: ControlPeer, op: string): Promise<Item> {
  for await (const item of peer.ask<Item>({ op })) return item;
  throw new ControlError('REFUSED', `process ${peer.pid} said nothing`);
}

export const askEach = <Item>(peers: readonly ControlPeer[], op: string): Promise<Item[]> =>
  Promise.all(peers.map((peer) => askOne<Item>(peer, op)));

/** Several streams as one, in the order in which items come. Ends with the last; an error of one ends all. */
export async function* merged<Item>(streams: readonly AsyncGenerator<Item, void>[]): AsyncGenerator<Item, void> {
  const next = (stream: AsyncGenerator<Item, void>) => stream.next().then((result) => ({ stream, result }));
  const waiting = new Map(streams.map((stream) => [stream, next(stream)]));
  try {
    while (waiting.size > 0) {
      const { stream, result } = await Promise.race(waiting.values());
      if (result.done === true) waiting.delete(stream);
      else {
        waiting.set(stream, next(stream));
        yield result.value;
      }
    }
  } finally {
    for (const stream of streams) void stream.return().catch(() => {});
  }
}
