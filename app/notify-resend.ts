import { userInfo } from 'node:os';
import { putCommand } from './commands-folder.ts';
import type { DeliveryView } from './delivery-view.ts';
import { InputError, type Io, UsageError } from './io.ts';
import { deliveryViews } from './notify-list.ts';
import { shown } from './style.ts';

export interface ResendOptions {
  /** folder of the configuration */
  readonly state: string;
  /** incident, or incident-version */
  readonly id: string;
  readonly to: string | undefined;
}

/** Asks the running tripline, or the next, to send a notice again. @throws {UsageError | InputError} */
export async function resend({ state, id, to }: ResendOptions, io: Io): Promise<void> {
  if (!/^[\w.:-]{1,200}$/.test(id)) throw new UsageError(`not an incident, nor incident-version: ${shown(id)}`);
  const knowing = deliveryViews(state, to).filter((view) => knows(view, id));
  if (knowing.length === 0) {
    const where = to === undefined ? 'no destination' : `${shown(to)} does not know it: no destination`;
    throw new InputError(
      `${where} has a notice ${shown(id)} among its newest and its dead letters: tripline notify list shows them`,
    );
  }
  for (const { destination } of knowing) {
    putCommand(state, { kind: 'resend', destination, delivery: id, by: userInfo().username }, Date.now());
    await io.stderr.write(
      `${id} is sent to ${destination} again, under its key; tripline notify list ${destination} shows how it ends\n`,
    );
  }
}

const knows = ({ recent, dead }: DeliveryView, id: string): boolean =>
  [...recent, ...dead].some((it) => it.incident_id === id || `${it.incident_id}-${it.version}` === id);
