import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { DeskCommand } from '../../alerts/desk-commands.ts';
import type { DeskSaid } from '../../alerts/desk-said.ts';
import type { DeskSettings } from '../../alerts/desk-settings.ts';
import { takeCommands } from '../commands-folder.ts';
import { deskViewFile, incidentsView, silencesView } from '../desk-view.ts';
import type { RoleContext } from './context.ts';
import type { DeskStage } from './desk-stage.ts';
import { encodeCommand } from './messages.ts';
import { ViewFile } from './view-file.ts';

const LOOK_MS = 500;

/**
 * What the desk needs from the outside, where it is hosted: it is handed what people ask for, and the settings of a changed
 * configuration, as records of its topic, so that what it says follows from the topic alone; what it knows is shown.
 */
export class DeskClerk {
  readonly #context: RoleContext;
  readonly #settings: DeskSettings;
  readonly #views: readonly ViewFile[];
  #stage: DeskStage | null = null;
  #asked: DeskSettings | null = null;

  constructor(context: RoleContext, settings: DeskSettings) {
    const { config, log } = context;
    const { state } = config.live;
    this.#context = context;
    this.#settings = settings;
    const viewOf = (name: 'incidents' | 'silences', read: (desk: DeskStage['desk']) => unknown) =>
      new ViewFile(
        deskViewFile(state, name),
        () => JSON.stringify(this.#stage === null ? null : read(this.#stage.desk)),
        (why) =>
          log.warn(`what tripline ${name === 'silences' ? 'silence list' : name} shows cannot be written`, { why }),
      );
    this.#views = [viewOf('incidents', incidentsView), viewOf('silences', silencesView)];
  }

  /** The desk is hosted here from now on. */
  hosts(stage: DeskStage): void {
    this.#stage = stage;
    this.#asked = null;
    this.changed();
  }

  changed(): void {
    if (this.#stage !== null) for (const view of this.#views) view.changed();
  }

  /** What people asked for and what became of it, for the log. */
  said(said: readonly DeskSaid[]): void {
    const { log } = this.#context;
    for (const it of said) {
      if (!('entry' in it) || it.entry.kind !== 'refused') continue;
      const { command, why } = it.entry;
      log.warn('a command cannot be carried out', { command, why });
    }
  }

  /** Until the signal. @param isHost whether this worker has the desk now */
  async run(isHost: () => boolean, signal: AbortSignal): Promise<void> {
    const { log } = this.#context;
    let isFailing = false;
    while (!signal.aborted) {
      try {
        if (isHost()) await this.#handIn();
        isFailing = false;
      } catch (error) {
        if (!isFailing && !signal.aborted) log.warn('commands are not taken now', { error });
        isFailing = true;
      }
      await wait(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    for (const view of this.#views) await view.close();
  }

  async #handIn(): Promise<void> {
    const { config, log, nowMs } = this.#context;
    const inUse = this.#asked ?? this.#stage?.desk.settings;
    if (inUse !== undefined && !isDeepStrictEqual(inUse, this.#settings)) {
      await this.#publish([{ id: `settings-${nowMs()}`, kind: 'settings', settings: this.#settings }]);
      this.#asked = this.#settings;
    }
    await takeCommands(config.live.state, {
      publish: (commands) => this.#publish(commands),
      onBad: (file, why) => log.warn('a file of a command was set aside', { file, why }),
    });
  }

  async #publish(commands: readonly DeskCommand[]): Promise<void> {
    const records = commands.map((command) => encodeCommand({ command: { ...command } }));
    await this.#context.topics.alerts.publish(0, records);
  }
}
