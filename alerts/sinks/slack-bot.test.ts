import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deliver, type VirtualClock, virtualClock } from '../../test/receivers/deliver.ts';
import { sampleLife, sampleNotice } from '../../test/receivers/sample-notice.ts';
import { openSlackApi, SLACK_CHANNEL, SLACK_TOKEN, type SlackApiReceiver } from '../../test/receivers/slack-api.ts';
import { openSink } from './open.ts';
import { Secret } from './secret.ts';
import type { Outcome, Sink } from './sink.ts';

let clock: VirtualClock;
let slack: SlackApiReceiver;
let sink: Sink;
beforeEach(async () => {
  clock = virtualClock();
  slack = await openSlackApi(clock.nowMs);
  sink = botIn(SLACK_CHANNEL);
});
afterEach(() => slack.close());

const botIn = (channel: string, token = SLACK_TOKEN): Sink =>
  openSink(
    {
      type: 'slack-bot',
      name: 'bot',
      timeoutMs: 5000,
      allowPrivate: ['127.0.0.1'],
      token: new Secret(token),
      channel,
      baseUrl: slack.baseUrl,
    },
    clock,
  );
const once = (memory: unknown = null, isRetry = false, notice = sampleNotice()): Promise<Outcome> =>
  sink.send({ notice, memory, isRetry }, new AbortController().signal);
const roots = () => slack.messages.filter(({ threadTs }) => threadTs === null);
const replies = () => slack.messages.filter(({ threadTs }) => threadTs !== null);

test('an incident is one message, changed in place, with its changes in its thread', async () => {
  const outcomes = await deliver(sink, sampleLife, clock);
  expect(outcomes.every(({ kind }) => kind === 'taken')).toBe(true);
  expect(slack.objections).toEqual([]);
  expect(roots()).toHaveLength(1);
  expect(JSON.stringify(roots()[0]?.blocks)).toMatch(/✅/);
  expect(replies().map(({ text, isBroadcast }) => `${text}${isBroadcast ? ' (to all)' : ''}`)).toEqual([
    'Updated: it costs more now',
    'Acknowledged by ann: looking',
    'Still open: it grew by half (to all)',
    'Resolved: normal for 10 minutes',
  ]);
});

test('a channel may be named: its id is learnt from the first message', async () => {
  sink = botIn('#alerts');
  const outcomes = await deliver(sink, sampleLife.slice(0, 2), clock);
  expect(outcomes[1]).toEqual({ kind: 'taken', memory: { channel: SLACK_CHANNEL, ts: roots()[0]?.ts } });
});

test('what is not loud makes no message of its own', async () => {
  expect(await once(null, false, sampleNotice({ loud: false }))).toEqual({ kind: 'taken' });
  expect(slack.calls).toEqual([]);
});

describe('a message that may have arrived', () => {
  test('is looked for, and found', async () => {
    slack.fail('lost-answer');
    const [outcome] = await deliver(sink, [sampleNotice()], clock);
    expect(outcome).toEqual({ kind: 'taken', memory: { channel: SLACK_CHANNEL, ts: roots()[0]?.ts } });
    expect(roots()).toHaveLength(1);
    expect(slack.calls).toEqual(['chat.postMessage', 'conversations.history']);
  });

  test('is sent again when it did not', async () => {
    slack.fail('reset');
    await deliver(sink, [sampleNotice()], clock);
    expect(roots()).toHaveLength(1);
  });

  test('is sent again when we may not look', async () => {
    slack.mayRead = false;
    slack.fail('lost-answer');
    const [outcome] = await deliver(sink, [sampleNotice()], clock);
    expect(outcome?.kind).toBe('taken');
    expect(roots()).toHaveLength(2); // at least once
  });

  test('is another one’s when it is of another notice', async () => {
    await once(null, false, sampleNotice({ incident_id: 'inc-other' }));
    await once(null, true);
    expect(roots()).toHaveLength(2);
  });

  test('is looked for in its thread, too', async () => {
    const [first, second] = sampleLife;
    const outcome = await once(null, false, first);
    const { memory } = outcome as { memory: unknown };
    slack.fail({ status: 200, body: '{"ok":true}' }, 'lost-answer'); // the update, then the line in the thread
    expect(await once(memory, false, second)).toMatchObject({ kind: 'retry' });
    expect(await once(memory, true, second)).toMatchObject({ kind: 'taken' });
    expect(replies()).toHaveLength(1);
  });
});

test('a message that somebody deleted is posted anew', async () => {
  const { memory } = (await once()) as { memory: unknown };
  slack.messages.length = 0;
  const next = (await once(memory, false, sampleLife[3])) as { memory: { ts: string } };
  expect(roots()).toHaveLength(1);
  expect(next.memory.ts).toBe(roots()[0]?.ts);
});

test('blocks that Slack refuses are sent as words, in place, too', async () => {
  slack.fail({ status: 200, body: '{"ok":false,"error":"invalid_blocks"}' });
  const { memory } = (await once()) as { memory: unknown };
  expect(roots()[0]?.blocks).toEqual([]);
  slack.fail({ status: 200, body: '{"ok":false,"error":"msg_blocks_too_long"}' });
  await once(memory, false, sampleLife[1]);
  expect(roots()[0]?.blocks).toEqual([]);
  expect(roots()[0]?.text).toMatch(/^```/);
});

test('messages and changes together stay within the rate', async () => {
  const storm = Array.from({ length: 15 }, (_, i) => sampleLife.map((it) => ({ ...it, incident_id: `inc-${i}` }))).flat();
  await deliver(sink, storm, clock);
  expect(slack.objections).toEqual([]);
  expect(roots()).toHaveLength(15);
}); // biome-ignore format: one line each

describe('what Slack says', () => {
  test.each([
    ['ratelimited', 'retry'],
    ['internal_error', 'retry'],
    ['service_unavailable', 'retry'],
    ['invalid_auth', 'closed'],
    ['token_revoked', 'closed'],
    ['missing_scope', 'closed'],
    ['channel_not_found', 'closed'],
    ['not_in_channel', 'closed'],
    ['is_archived', 'closed'],
    ['msg_too_long', 'refused'],
    ['no_text', 'refused'],
  ])('%s → %s', async (word, kind) => {
    slack.says = word;
    expect(await once()).toMatchObject({ kind, why: `${new URL(slack.url).host} says ${word}` });
  });

  test('in a word that is not known is not repeated', async () => {
    slack.says = SLACK_TOKEN;
    const outcome = await once();
    expect(outcome.kind).toBe('refused');
    expect(JSON.stringify(outcome)).not.toContain(SLACK_TOKEN);
  });

  test('a token that is wrong', async () => {
    sink = botIn(SLACK_CHANNEL, 'xoxb-other');
    expect(await once()).toMatchObject({ kind: 'closed', why: expect.stringMatching(/says invalid_auth$/) });
  });

  test.each([
    [{ status: 429, headers: { 'retry-after': '12' } }, { kind: 'retry', afterMs: 12_000 }],
    [{ status: 200, body: '<html>' }, { kind: 'retry', why: expect.stringMatching(/not with the JSON of Slack's API$/) }],
    ['huge-body' as const, { kind: 'retry' }],
    ['cut-body' as const, { kind: 'retry' }],
    [{ status: 502 }, { kind: 'retry' }],
  ])('%j', async (fault, expected) => {
    slack.fail(fault);
    expect(await once()).toMatchObject(expected);
  }); // biome-ignore format: a table
});
