import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { message } from '../../test/reports.ts';
import { durations, firehose, KEY, listeners, send } from './listen.fixture.ts';

const FIREHOSE = `firehose: {accessKey: "${KEY}"}`;
const { started, stopAll } = listeners(FIREHOSE);
let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'listen-tls-'));
  for (const name of ['ours', 'other']) {
    const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.crt`)];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...algorithm, ...files, ...subject], { stdio: 'ignore' });
  }
});
afterEach(stopAll);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const tls = (cert: string, key: string) => `tls: {cert: "${join(dir, cert)}", key: "${join(dir, key)}"}, ${FIREHOSE}`;

test('with a certificate it is HTTPS', async () => {
  const one = await started(tls('ours.crt', 'ours.key'));
  expect(one.url).toMatch(/^https:/);
  const ca = readFileSync(join(dir, 'ours.crt'), 'utf8');
  expect((await send(`${one.url}/firehose`, { ...firehose([message(1)]), ca })).status).toBe(200);
  expect(durations(one)).toEqual([1]);
  await expect(send(`${one.url}/firehose`, firehose([]))).rejects.toThrow(/self.signed certificate/);
  await expect(send(`${one.url.replace('https', 'http')}/firehose`, firehose([]))).rejects.toThrow();
});

test.each([
  ['a key that is not its own', 'ours.crt', 'other.key', /ours\.crt and .*other\.key cannot be used/],
  ['no certificate', 'none.crt', 'ours.key', /listen\.tls: .*none\.crt: no such file/],
])('%s is an error that names the files', async (_what, cert, key, why) => {
  await expect(started(tls(cert, key))).rejects.toThrow(why);
});

test('a file that is no certificate is an error that shows nothing of it', async () => {
  writeFileSync(join(dir, 'no.crt'), 'a secret that is none');
  await expect(started(tls('no.crt', 'ours.key'))).rejects.toThrow(/^(?!.*secret).*no\.crt/s);
});
