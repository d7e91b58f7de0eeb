import { expect, test } from '@jest/globals';
import type { HttpAnswer } from '../../alerts/sinks/http.ts';
import { parseConfig } from '../config.ts';
import { keepBeating, Pulse } from './heartbeat.ts';

const answer = (status: number): HttpAnswer => ({ kind: 'answer', status, text: '', isWhole: true, retryAfterMs: 0 });
const settings = parseConfig('heartbeat: {url: "https://ping.example/secret", aliveMs: 120000}', 'c.yaml').live
  .heartbeat!;

/** One character a minute: `.` event time goes on, ` ` it stands still, `x` it goes on and the receiver fails. */
async function play(timeline: string) {
  let minute = 0;
  let timeMs: number | null = null;
  const nowMs = () => minute * 60_000;
  const pulse = new Pulse(nowMs);
  const said: string[] = [];
  const pings: string[] = [];
  const stop = new AbortController();
  const hear = () => {
    if (timeline[minute] !== ' ') timeMs = 1_000_000 + minute;
    if (timeMs !== null) pulse.heard(timeMs); // the same again says nothing
  };
  hear();
  const deps = {
    pulse,
    nowMs,
    log: { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) },
    notify: { pinged: (result: string) => pings.push(`${minute} ${result}`) },
    wait: async () => {
      minute++;
      if (minute >= timeline.length) {
        stop.abort();
        stop.signal.throwIfAborted();
      }
      hear();
    },
    http: async () => answer(timeline[minute] === 'x' ? 500 : 200),
  };
  await keepBeating(settings, deps, stop.signal);
  return { said, pings };
}

test.each([
  { timeline: '...', pings: ['0 answered', '1 answered', '2 answered'], said: [] },
  { timeline: '.xx.', pings: ['0 answered', '1 failed', '2 failed', '3 answered'], said: [/not heard/, /heard again/] },
  { timeline: '.   .', pings: ['0 answered', '1 answered', '2 answered', '3 withheld', '4 answered'], said: [/stands still/, /heard again/] },
  { timeline: '   ', pings: ['0 withheld', '1 withheld', '2 withheld'], said: [] },
])('pings only while event time goes on: "$timeline"', async ({ timeline, pings, said }) => {
  const found = await play(timeline);
  expect(found.pings).toEqual(pings);
  expect(found.said).toEqual(said.map((it) => expect.stringMatching(it)));
}); // biome-ignore format: a table

test.each([
  { yaml: 'heartbeat: {}', says: /heartbeat\.url: give url or urlFile, one of them/ },
  { yaml: 'heartbeat: {url: "http://10.0.0.1/x"}', says: /heartbeat\.url: 10\.0\.0\.1 is not a public address/ },
])('its configuration is checked: $yaml', ({ yaml, says }) => {
  expect(() => parseConfig(yaml, 'c.yaml')).toThrow(says);
});
