import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measured, Said, Task } from './kafka-said.ts';

/** From the sources as from dist/: beside this file, under the same ending. */
const TASK_MAIN = fileURLToPath(new URL(`./kafka-task${import.meta.url.slice(-3)}`, import.meta.url));

/** A task in a process of its own. */
export class TaskProcess {
  readonly ready: Promise<void>;
  readonly done: Promise<Measured>;
  readonly #child: ChildProcess;

  /** @param onSaid hears what the task says between its start and its end */
  constructor(task: Task, onSaid: (said: Said) => void = () => {}) {
    this.#child = fork(TASK_MAIN, [JSON.stringify(task)]);
    let ready: () => void = () => {};
    this.ready = new Promise((resolve) => {
      ready = resolve;
    });
    this.done = new Promise((resolve, reject) => {
      this.#child.on('message', (said: Said) => {
        if (said.kind === 'ready') ready();
        else if (said.kind === 'done') resolve(said.measured);
        else onSaid(said);
      });
      this.#child.once('error', reject).once('exit', (code) => {
        ready();
        reject(new Error(`${task.kind} ended with ${code}`));
      });
    });
    this.done.catch(() => {}); // whoever waits for it hears of it
  }

  /** Says "begin", and to a worker after that "end". */
  tell(): void {
    if (this.#child.connected) this.#child.send('go');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

export async function runTask(task: Task): Promise<Measured> {
  const process = new TaskProcess(task);
  await process.ready;
  process.tell();
  return await process.done;
}

/**
 * So many workers on the same topic, begun at once, until all that is on it is done. The time is that from the first
 * assignment of partitions to the last acknowledged verdict, with all joining and handing over in between.
 *
 * @param ends offset behind the last record of each partition
 */
export async function runWorkers(tasks: readonly Task[], ends: ReadonlyMap<number, number>): Promise<Measured> {
  const open = new Set(ends.keys());
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = 0;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const hear = (said: Said) => {
    if (said.kind === 'assigned') startMs = Math.min(startMs, said.atMs);
    if (said.kind !== 'absorbed' || said.offset < ends.get(said.partition)!) return;
    open.delete(said.partition);
    endMs = Math.max(endMs, said.atMs);
    if (open.size === 0) finish();
  };
  const workers = tasks.map((task) => new TaskProcess(task, hear));
  try {
    await Promise.all(workers.map(({ ready }) => ready));
    for (const worker of workers) worker.tell();
    await Promise.race([finished, Promise.all(workers.map(({ done }) => done))]);
    for (const worker of workers) worker.tell();
    const measured = await Promise.all(workers.map(({ done }) => done));
    const sum = (of: (each: Measured) => number) => measured.reduce((total, each) => total + of(each), 0);
    return { startMs, endMs, cpuMs: sum(({ cpuMs }) => cpuMs), counted: sum(({ counted }) => counted) };
  } catch (error) {
    for (const worker of workers) worker.kill();
    throw error;
  }
}
