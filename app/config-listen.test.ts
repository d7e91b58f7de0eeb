import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from './config.ts';
import { isLocal, keysOf } from './config-listen.ts';

const read = (yaml: string) => parseConfig(`listen: {${yaml}}`, 'c.yaml').live.listen;

describe('listen', () => {
  test('is off unless it is told', () => {
    expect(parseConfig('', 'c.yaml').live.listen).toBeUndefined();
  });

  test('is on this machine alone unless it is told, with limits', () => {
    expect(read('firehose: {accessKey: k}')).toEqual({
      address: '127.0.0.1:8443',
      insecure: false,
      firehose: { path: '/firehose', accessKey: ['k'] },
      maxBodyMb: 64,
      maxInFlightMb: 256,
      maxRequests: 64,
      requestsPerSecond: 200,
      timeoutMs: 30_000,
    });
  });

  test.each([
    ['address: "0.0.0.0:8443", tls: {cert: a, key: b}, firehose: {accessKey: k}'],
    ['address: "0.0.0.0:8080", insecure: true, firehose: {accessKey: k}'],
    ['address: "[::1]:8080", otlp: {tokenFile: t}'],
    ['insecure: true, firehose: {}, otlp: {}'],
  ])('%s is fine', (yaml) => {
    expect(read(yaml)).toBeDefined();
  });

  test.each([
    ['', /listen: give firehose or otlp/],
    ['firehose: {}', /listen\.firehose: give accessKey or accessKeyFile/],
    ['otlp: {}', /listen\.otlp: give token or tokenFile/],
    [
      'firehose: {accessKey: a, accessKeyFile: b}',
      /listen\.firehose\.accessKey: give accessKey or accessKeyFile, one of them/,
    ],
    ['address: "0.0.0.0:8443", firehose: {accessKey: k}', /listen\.address: others can reach it: give tls/],
    ['address: "0.0.0.0:8443", tls: {cert: a, key: b}, firehose: {}', /listen\.firehose: give accessKey/],
    [`firehose: {accessKey: ${'k'.repeat(4097)}}`, /listen\.firehose\.accessKey\.0: more than 4096 bytes/],
    ['firehose: {accessKey: k, path: /v1/logs}, otlp: {token: t}', /listen\.otlp\.path: is the path of firehose/],
    ['firehose: {accessKey: k, path: /healthz}', /is taken by the health check/],
    ['firehose: {accessKey: k}, maxBodyMB: 1', /unknown key, did you mean maxBodyMb/],
  ])('%s is an error with its line', (yaml, rule) => {
    expect(() => read(yaml)).toThrow(rule);
    expect(() => read(yaml)).toThrow(/c\.yaml:1: /);
  });

  test('which addresses are of this machine alone', () => {
    expect(['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'LOCALHOST:1'].filter((it) => !isLocal(it))).toEqual([]);
    expect(['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.0.0.1.example.com:1', 'tripline:1'].filter(isLocal)).toEqual([]);
  });

  test('keys from files end before their line feed; one that cannot be had is an error without its content', () => {
    const dir = mkdtempSync(join(tmpdir(), 'keys-'));
    try {
      const file = (name: string, content: string) => {
        writeFileSync(join(dir, name), content);
        return join(dir, name);
      };
      expect(keysOf('k', undefined, [file('a', 'one\n'), file('b', 'two\r\n')])).toEqual(['one', 'two']);
      expect(() => keysOf('k', undefined, [file('c', '\n')])).toThrow(/is empty/);
      expect(() => keysOf('k', undefined, [file('d', 'x'.repeat(5000))])).toThrow(/holds more than 4096 bytes/);
      expect(() => keysOf('k', undefined, [join(dir, 'none')])).toThrow(/no such file/);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('http', () => {
  const http = (yaml: string) => parseConfig(`http: {${yaml}}`, 'c.yaml').live.http;

  test.each([
    'listen: off',
    'listen: "localhost:1"',
    'listen: "0.0.0.0:1", tokenFile: t',
    'listen: "0.0.0.0:1", insecure: true',
  ])('%s is fine', (yaml) => expect(http(yaml)).toBeDefined());

  test.each([
    ['listen: "0.0.0.0:9464"', /http\.listen: others can reach it: give http\.token/],
    ['token: a, tokenFile: b', /http\.token: give token or tokenFile, one of them/],
  ])('%s is an error', (yaml, rule) => expect(() => http(yaml)).toThrow(rule));
});
