import { messageOf } from '../../alerts/message/message.ts';
import { plainText } from '../../alerts/message/plain-text.ts';
import type { Notice } from '../../alerts/notice.ts';
import { openSink } from '../../alerts/sinks/open.ts';
import type { DestinationSettings } from '../config-destinations.ts';
import { withSecrets } from '../destination-secrets.ts';
import type { Output } from '../io.ts';
import { alertText } from '../report-alert.ts';
import type { Style } from '../style.ts';
import { fileOutlet, lineOf } from './file-outlet.ts';
import { type Outlet, sinkOutlet } from './outlet.ts';

export interface DestinationHooks {
  readonly stdout: Output;
  /** text for people where standard output is a terminal, else JSON lines */
  readonly style: Style | null;
  /** wall clock, ms */
  readonly nowMs: () => number;
}

/** @param mark what the destination asked to be remembered; null = nothing yet */
export function openDestination(settings: DestinationSettings, mark: unknown, hooks: DestinationHooks): Outlet {
  switch (settings.type) {
    case 'stdout':
      return stdoutOutlet(settings.name, hooks);
    case 'file':
      return fileOutlet(settings.name, settings.path, mark);
    default:
      return sinkOutlet(openSink(withSecrets(settings), { nowMs: hooks.nowMs }));
  }
}

function stdoutOutlet(name: string, { stdout, style }: DestinationHooks): Outlet {
  const told = (notice: Notice): string => {
    if (style === null) return lineOf(notice);
    const { event, transition } = notice;
    return transition === event.event ? alertText(event, style) : `${plainText(messageOf(notice))}\n\n`;
  };
  return {
    name,
    type: 'stdout',
    atOnce: Number.POSITIVE_INFINITY,
    async send(deliveries) {
      await stdout.write(deliveries.map(({ notice }) => told(notice)).join(''));
      return { kind: 'taken' };
    },
  };
}
