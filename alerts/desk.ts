import type { AlertEvent } from './event.ts';
import type { Notice } from './notice.ts';

export interface DeskSettings {
  /** names of all destinations */
  readonly destinations: readonly string[];
}

/** What the desk says: a notice and who gets it, or something that is only kept. */
export type DeskSaid =
  | { readonly notice: Notice; readonly to: readonly string[] }
  | { readonly entry: { readonly kind: string; readonly [field: string]: unknown } };

export interface DeskState {
  readonly incidents: readonly (readonly [id: string, incident: Told])[];
}

interface Told {
  readonly version: number;
  readonly openedAt: string;
}

/** Turns what detection says into what people are told. Pure. */
export class Desk {
  readonly #settings: DeskSettings;
  readonly #incidents = new Map<string, Told>();

  constructor(settings: DeskSettings) {
    this.#settings = settings;
  }

  hear(event: AlertEvent): DeskSaid[] {
    const id = event.alert_id;
    const before = this.#incidents.get(id);
    const told = { version: (before?.version ?? 0) + 1, openedAt: before?.openedAt ?? event.at };
    if (event.event === 'resolved') this.#incidents.delete(id);
    else this.#incidents.set(id, told);
    const notice: Notice = {
      schema: 1,
      incident_id: id,
      version: told.version,
      transition: event.event,
      status: event.event === 'resolved' ? 'resolved' : 'open',
      loud: event.event !== 'updated',
      at: event.at,
      opened_at: told.openedAt,
      by: 'tripline',
      reason: event.text,
      event,
    };
    return this.#settings.destinations.length === 0 ? [] : [{ notice, to: this.#settings.destinations }];
  }

  time(_timeMs: number): DeskSaid[] {
    return [];
  }

  command(_command: { readonly id: string; readonly kind: string }): DeskSaid[] {
    return [];
  }

  state(): DeskState {
    return { incidents: [...this.#incidents] };
  }

  restore({ incidents }: DeskState): void {
    for (const [id, told] of incidents) this.#incidents.set(id, told);
  }
}
