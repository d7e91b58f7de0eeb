import type { Io } from './io.ts';

/** Enters and leaves the second screen, which leaves what was on the first as it was; hides and shows the cursor. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';

/** What a full-screen display needs of a terminal. */
export interface Terminal {
  size(): { readonly width: number; readonly height: number };
  /** Draws over what is there in one write, so that nothing flickers. */
  draw(lines: readonly string[]): Promise<void>;
  /** aborted by `q`, Ctrl-C or the end of the terminal */
  readonly ended: AbortSignal;
  /** Resolves when the size changes, or after `ms`, or at the end. */
  pause(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Takes the terminal of this process until `close`. */
export async function openTerminal(io: Io): Promise<Terminal> {
  const { stdin, stdout } = process;
  const ended = new AbortController();
  const changed = new EventTarget();
  const tell = () => changed.dispatchEvent(new Event('now'));
  const stop = () => {
    ended.abort();
    tell();
  };
  const unlisten = io.onInterrupt(stop);
  const hasKeys = stdin.isTTY === true;
  const keys = (bytes: Buffer) => {
    const text = String(bytes);
    if (text === 'q' || text === 'Q' || text === CTRL_C) stop();
  };
  if (hasKeys) stdin.setRawMode(true).on('data', keys).resume();
  stdout.on('resize', tell);
  await io.stdout.write(ENTER);
  return {
    ended: ended.signal,
    size: () => ({ width: stdout.columns || 80, height: stdout.rows || 24 }),
    draw: (lines) => io.stdout.write(frameOf(lines)),
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(tell, ended.signal.aborted ? 0 : ms);
        const go = () => {
          clearTimeout(timer);
          resolve();
        };
        changed.addEventListener('now', go, { once: true });
      }),
    async close() {
      unlisten();
      stdout.off('resize', tell);
      if (hasKeys) stdin.off('data', keys).setRawMode(false).pause();
      await io.stdout.write(LEAVE);
    },
  };
}

/** Each line over the old one; what is below goes. */
export function frameOf(lines: readonly string[]): string {
  return `${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`;
}
