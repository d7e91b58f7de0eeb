import { expect, test } from '@jest/globals';
import { type ComponentStatus, createHealth } from './health.ts';

type Step = 'ready' | 'not ready' | 'beat' | 'failed' | 'ended' | 'drain' | number;

/** plays steps on a component with a deadline of 10 s; a number is seconds that pass */
function play(steps: readonly Step[]) {
  let second = 100;
  const health = createHealth(() => second * 1000);
  const loop = health.register('loop', { deadlineMs: 10_000 });
  for (const step of steps) {
    if (typeof step === 'number') second += step;
    else if (step === 'ready') loop.ready(true);
    else if (step === 'not ready') loop.ready(false, 'no partition');
    else if (step === 'failed') loop.failed(new Error('disk is gone'));
    else if (step === 'drain') health.drain();
    else loop[step]();
  }
  return health.report();
}

test('a process without components is starting: alive, not ready', () => {
  expect(createHealth(() => 0).report()).toEqual({
    isAlive: true,
    isReady: false,
    reasons: ['starting'],
    warnings: [],
    components: {},
  });
});

test.each<{ name: string; steps: Step[]; isAlive: boolean; reasons: string[]; status: ComponentStatus }>([
  { name: 'registered only', steps: [], isAlive: true, reasons: ['loop: starting'], status: 'running' },
  { name: 'ready', steps: ['ready'], isAlive: true, reasons: [], status: 'running' },
  { name: 'not ready any more', steps: ['ready', 'not ready'], isAlive: true, reasons: ['loop: no partition'], status: 'running' },
  { name: 'at its deadline', steps: ['ready', 10], isAlive: true, reasons: [], status: 'running' },
  { name: 'past its deadline', steps: ['ready', 11], isAlive: false, reasons: ['loop: no progress for 11 s'], status: 'stuck' },
  { name: 'beating', steps: ['ready', 9, 'beat', 9], isAlive: true, reasons: [], status: 'running' },
  { name: 'stuck, then going on', steps: ['ready', 60, 'beat'], isAlive: true, reasons: [], status: 'running' },
  { name: 'failed', steps: ['ready', 'failed'], isAlive: false, reasons: ['loop: disk is gone'], status: 'failed' },
  { name: 'failed, then cleaned up', steps: ['failed', 'beat', 'ready', 'ended'], isAlive: false, reasons: ['loop: disk is gone'], status: 'failed' },
  { name: 'ended by itself', steps: ['ended'], isAlive: false, reasons: ['loop: ended'], status: 'ended' },
  { name: 'draining', steps: ['ready', 'drain'], isAlive: true, reasons: ['shutting down'], status: 'running' },
  { name: 'ended while draining', steps: ['ready', 'drain', 'ended'], isAlive: true, reasons: ['shutting down', 'loop: ended'], status: 'ended' },
  { name: 'failed while draining', steps: ['drain', 'failed'], isAlive: false, reasons: ['shutting down', 'loop: disk is gone'], status: 'failed' },
])('$name: alive $isAlive, $reasons', ({ steps, isAlive, reasons, status }) => {
  const report = play(steps);
  expect(report).toMatchObject({ isAlive, isReady: reasons.length === 0, reasons });
  expect(report.components['loop']).toMatchObject({ status, deadline_seconds: 10 });
}); // biome-ignore format: a table

test('one of many decides', () => {
  const health = createHealth(() => 0);
  const [a, b] = ['a', 'b'].map((name) => health.register(name, { deadlineMs: 1 }));
  a!.ready(true);
  expect(health.report()).toMatchObject({ isAlive: true, isReady: false, reasons: ['b: starting'] });
  b!.ready(true);
  expect(health.report().isReady).toBe(true);
  a!.failed(new Error('gone'));
  expect(health.report()).toMatchObject({ isAlive: false, reasons: ['a: gone'] });
});

test('a name is taken once', () => {
  const health = createHealth(() => 0);
  health.register('a', { deadlineMs: 1 });
  expect(() => health.register('a', { deadlineMs: 1 })).toThrow('health: a component a is registered already');
});

test('reasons hold no secret', () => {
  const health = createHealth(() => 0);
  const url = 'kafka://admin:hunter2-hunter2@broker:9092';
  health.register('a', { deadlineMs: 1 }).failed(new Error(`cannot reach ${url}`));
  health.register('b', { deadlineMs: 1 }).ready(false, `waiting for ${url}`);
  expect(JSON.stringify(health.report())).not.toContain('hunter2');
});
