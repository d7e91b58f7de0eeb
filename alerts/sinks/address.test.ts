import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { guardOf, hostName, reachOf } from './address.ts';

const PRIVATE = ['10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254', '172.16.0.1', '172.31.255.255', '192.168.1.1',
  '::1', 'fc00::1', 'fd12:3456::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:10.1.2.3', '64:ff9b::10.0.0.1', '64:ff9b::7f00:1']; // biome-ignore format: a list
const NEVER = ['0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192', '192.0.2.1',
  '192.88.99.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  '::', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', '::7f00:1', '::8.8.8.8', '2001:db8::1', '2001::1', '2002:7f00:1::1', '2002:808:808::1',
  '64:ff9b:1::1', '100::1', '5f00::1', '::ffff:169.254.169.254', '::ffff:0:0', '64:ff9b::', '64:ff9b::a9fe:a9fe', 'fd00:ec2::254', 'fd20:ce::254',
  '', 'localhost', '127.1', '0x7f.0.0.1', '1.2.3', '::g']; // biome-ignore format: a list
const PUBLIC = ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.1', '100.63.255.255', '100.128.0.1', '126.255.255.255', '128.0.0.1', '172.15.255.255',
  '172.32.0.1', '192.167.1.1', '192.169.0.1', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::200e', '::ffff:8.8.8.8', '64:ff9b::808:808']; // biome-ignore format: a list

test.each([
  ...PRIVATE.map((address) => [address, 'private']),
  ...NEVER.map((address) => [address, 'never']),
  ...PUBLIC.map((address) => [address, 'public']),
])('%p is %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});

test.each([
  ['Alertmanager.', 'alertmanager'],
  ['LOCALHOST', 'localhost'],
  ['2130706433', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['0177.0.0.1', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['::1', '::1'],
  ['[::FFFF:127.0.0.1]', '::ffff:7f00:1'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['http://x', null],
  ['x:80', null],
  ['x/y', null],
  ['a b', null],
  ['me@x', null],
  ['', null],
])('%p as a host name is %p', (given, name) => {
  expect(hostName(given)).toBe(name);
});

describe('what a guard lets through', () => {
  test.each([
    { allowed: [], host: 'x.example', address: '8.8.8.8', lets: true },
    { allowed: [], host: 'x.example', address: '10.0.0.1', lets: false },
    { allowed: ['x.example'], host: 'x.example', address: '10.0.0.1', lets: true },
    { allowed: ['X.Example.'], host: 'x.example', address: '::1', lets: true },
    { allowed: ['x.example'], host: 'y.example', address: '10.0.0.1', lets: false },
    { allowed: ['x.example'], host: 'a.x.example', address: '10.0.0.1', lets: false },
    { allowed: ['10.0.0.1'], host: 'x.example', address: '10.0.0.1', lets: false },
    { allowed: ['x.example'], host: 'x.example', address: '169.254.169.254', lets: false },
    { allowed: ['169.254.169.254'], host: '169.254.169.254', address: '169.254.169.254', lets: true },
    { allowed: ['localhost'], host: 'localhost', address: '127.0.0.1', lets: true },
    { allowed: ['127.1'], host: '127.0.0.1', address: '127.0.0.1', lets: true },
  ])('$host at $address, allowed: $allowed → $lets', ({ allowed, host, address, lets }) => {
    expect(guardOf(allowed)(host, address)).toBe(lets);
  });
});

/** All ways to write an IPv4 address that URLs know. */
const SPELLINGS: readonly ((bytes: readonly number[]) => string)[] = [
  (b) => b.join('.'),
  (b) => b.map((it) => `0x${it.toString(16)}`).join('.'),
  (b) => b.map((it) => `0${it.toString(8)}`).join('.'),
  (b) => String(Buffer.from(b).readUInt32BE()),
  (b) => `0x${Buffer.from(b).toString('hex')}`,
  (b) => `0${Buffer.from(b).readUInt32BE().toString(8)}`,
  (b) => `${b[0]}.${Buffer.from([0, ...b.slice(1)]).readUInt32BE()}`,
  (b) => `${b[0]}.${b[1]}.${Buffer.from(b).readUInt16BE(2)}`,
  (b) => `[::ffff:${b.join('.')}]`,
  (b) =>
    `[0:0:0:0:0:FFFF:${Buffer.from(b)
      .toString('hex')
      .replace(/(.{4})/, '$1:')}]`,
  (b) => `[64:ff9b::${b.join('.')}]`,
  (b) => b.join('。'),
];

test('a private address is known however it is written', async () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const inside = fc.oneof(
    fc.tuple(fc.constant(10), octet, octet, octet),
    fc.tuple(fc.constant(127), octet, octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
  );
  await fc.assert(
    fc.property(inside, fc.constantFrom(...SPELLINGS), (bytes, spell) => {
      const host = new URL(`http://${spell(bytes)}/`).hostname.replace(/^\[|\]$/g, '');
      expect(reachOf(host)).not.toBe('public');
    }),
  );
});
