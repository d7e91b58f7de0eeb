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
  const views = deliveryViews(state, to);
  const delivery = wholeOf(id, views);
  const knowing = views.filter((view) => knows(view, delivery));
  if (knowing.length === 0) {
    const where = to === undefined ? 'no destination' : `${shown(to)} does not know it: no destination`;
    throw new InputError(
      `${where} has a notice ${shown(id)} among its newest and its dead letters: tripline notify list shows them`,
    );
  }
  for (const { destination } of knowing) {
    putCommand(state, { kind: 'resend', destination, delivery, by: userInfo().username }, Date.now());
    await io.stderr.write(
      `${delivery} is sent to ${destination} again, under its key; tripline notify list ${destination} shows how it ends\n`,
    );
  }
}

/** The incident, or incident-version, that the beginning of an incident means, where it is of one alone. @throws {InputError} */
function wholeOf(id: string, views: readonly DeliveryView[]): string {
  const [, begin = id, version = ''] = /^(.+?)(-\d+)?$/.exec(id) ?? [];
  const notices = views.flatMap(({ recent, dead }) => [...recent, ...dead]);
  const incidents = [...new Set(notices.map((it) => it.incident_id))];
  if (incidents.some((it) => it === id || it === begin)) return id;
  const [whole, another] = incidents.filter((it) => it.startsWith(begin));
  if (another !== undefined) throw new InputError(`${shown(begin)} begins several incidents: ${whole}, ${another}, …`);
  return whole === undefined ? id : `${whole}${version}`;
}

const knows = ({ recent, dead }: DeliveryView, id: string): boolean =>
  [...recent, ...dead].some((it) => it.incident_id === id || `${it.incident_id}-${it.version}` === id);
