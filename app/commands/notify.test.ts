import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Notice } from '../../alerts/notice.ts';
import { file, folder, tripline } from '../../test/captured-run.ts';
import { type DeliveryView, deliveryViewFile, shownOf } from '../delivery-view.ts';
import { noticeOf } from '../roles/fixtures/deliveries.ts';

describe('notify test', () => {
  let server: Server;
  let status = 204;
  let got: Notice[] = [];
  let url = '';
  beforeEach(async () => {
    status = 204;
    got = [];
    server = createServer((request, response) => {
      void text(request).then((body) => {
        got.push(JSON.parse(body) as Notice);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const config = () =>
    file('c.yaml', `destinations: [{type: webhook, name: ops, url: "${url}", allowPrivate: [127.0.0.1]}]`);

  test('sends one notice that says it is a test', async () => {
    const ran = await tripline(['notify', 'test', 'ops', '--config', config()]);
    expect(ran).toMatchObject({ code: 0, out: '' });
    expect(ran.err).toMatch(/^ops \(webhook\) took the test notice test-\w+ after/);
    expect(got.map(({ reason }) => reason)).toEqual(['This is a test of Tripline: nothing is wrong.']);
  });

  test.each([
    { answer: 400, advice: /refuses this notice for good/ },
    { answer: 404, advice: /nothing is delivered to it until this is changed/ },
    { answer: 503, advice: /tries again for as long as it takes/ },
  ])('an answer of $answer is told with what to do, and without the address', async ({ answer, advice }) => {
    status = answer;
    const ran = await tripline(['notify', 'test', 'ops', '--config', config()]);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(advice);
    expect(ran.err).toContain(`answers ${answer}`);
    expect(ran.err).not.toContain('secret-path');
  });

  test('an unknown destination is wrong usage, and the known ones are named', async () => {
    const ran = await tripline(['notify', 'test', 'nobody', '--config', config()]);
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.err).toContain('no destination nobody in the config: there are ops');
  });
});

describe('what was delivered', () => {
  const row = (incident: number, outcome: 'delivered' | 'dead') => ({
    destination: 'ops',
    type: 'webhook',
    epoch: 'e',
    n: incident,
    incidentId: `i${incident}`,
    version: 1,
    transition: 'opened' as const,
    severity: 'error',
    atMs: 0,
    endedMs: 1000,
    attempts: 2,
    outcome,
    why: outcome === 'dead' ? 'answers 400' : '',
    latencyMs: 12,
    isResent: false,
  });
  const view: DeliveryView = {
    schema: 1,
    destination: 'ops',
    type: 'webhook',
    written_at: '2026-11-23T10:00:00.000Z',
    condition: 'parked',
    since: '2026-11-23T09:00:00.000Z',
    why: 'hooks.example answers 404',
    next_attempt_at: null,
    trying: { notice: 'i3-1', since: '2026-11-23T09:00:00.000Z', attempts: 3 },
    waiting: 7,
    forgotten: 0,
    recent: [shownOf(row(1, 'delivered'), noticeOf(1, 1))],
    dead: [{ ...shownOf(row(2, 'dead'), noticeOf(2, 1)), notice: noticeOf(2, 1) }],
  };
  let state = '';
  let config = '';
  beforeEach(() => {
    state = folder();
    mkdirSync(join(state, 'view'));
    writeFileSync(deliveryViewFile(state, 'ops'), JSON.stringify(view));
    config = file('c.yaml', `state: ${state}`);
  });
  const commands = () =>
    readdirSync(join(state, 'commands')).map(
      (name) => JSON.parse(readFileSync(join(state, 'commands', name), 'utf8')) as Record<string, unknown>,
    );

  test('is listed: how the destination is, why, what waits, what it got', async () => {
    const { code, out } = await tripline(['notify', 'list', '--config', config]);
    expect(code).toBe(0);
    expect(out).toContain(
      'ops (webhook): takes nothing until somebody changes something: notices wait, since 2026-11-23 09:00:00Z',
    );
    expect(out).toMatch(/why +hooks.example answers 404\n +trying +i3-1 .*3 attempts\n.*waiting +7 records/);
    expect(out).toMatch(/i1-1 +opened +2 +12 +broken/);
    expect(out).not.toContain('i2-1');
  });

  test('is listed where it was given up, with the reason; as JSON with the notice', async () => {
    expect((await tripline(['notify', 'list', 'ops', '--dead', '--config', config])).out).toMatch(/i2-1 .*answers 400/);
    const { out } = await tripline(['notify', 'list', '--dead', '--json', '--config', config]);
    expect(JSON.parse(out)).toMatchObject({ destination: 'ops', why: 'answers 400', notice: { incident_id: 'i2' } });
  });

  test.each([{ id: 'i2-1' }, { id: 'i1' }])('is sent again on request: $id', async ({ id }) => {
    const ran = await tripline(['notify', 'resend', id, '--to', 'ops', '--config', config]);
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining(`${id} is sent to ops again`) });
    expect(commands()).toEqual([
      expect.objectContaining({ kind: 'resend', destination: 'ops', delivery: id, id: expect.any(String) }),
    ]);
  });

  test('is meant by the beginning of its incident, where that is of one alone', async () => {
    const other = (incident_id: string) => ({ ...view.recent[0]!, incident_id });
    const recent = [other('117b06d529d74346'), other('9f00aa'), other('9f00bb')];
    writeFileSync(deliveryViewFile(state, 'ops'), JSON.stringify({ ...view, recent }));
    const resend = (id: string) => tripline(['notify', 'resend', id, '--config', config]);
    expect(await resend('117b-1')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^117b06d529d74346-1 is sent/),
    });
    expect(await resend('117b-7')).toMatchObject({ code: 1 });
    expect(await resend('9f0')).toMatchObject({ code: 1, err: expect.stringContaining('begins several incidents') });
    expect(commands()).toEqual([expect.objectContaining({ delivery: '117b06d529d74346-1' })]);
  });

  test.each([
    { args: ['tets', 'ops'], code: 2, says: /unknown command tets, did you mean test\?/ },
    { args: ['everything'], code: 2, says: /unknown command everything: there are test, list, resend/ },
    { args: ['resend', 'i9'], code: 1, says: /no destination has a notice i9/ },
    { args: ['resend', 'i1', '--to', 'nobody'], code: 1, says: /no destination nobody is known/ },
    { args: ['resend', '../i1'], code: 2, says: /not an incident/ },
    { args: ['list', 'nobody'], code: 1, says: /no destination nobody is known in/ },
  ])('is not made up: $args', async ({ args, code, says }) => {
    expect(await tripline(['notify', ...args, '--config', config])).toMatchObject({
      code,
      err: expect.stringMatching(says),
    });
  });
});
