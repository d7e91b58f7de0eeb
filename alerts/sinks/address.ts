import { BlockList, isIP } from 'node:net';

/**
 * What an address is for. `private`: networks of one's own, reached only by names that are allowed; `never`: addresses that
 * no receiver of alerts has (metadata services, link-local, multicast, reserved), reached only where the address itself is
 * allowed. Registries: IANA IPv4 and IPv6 Special-Purpose Address Registry (RFC 6890).
 */
export type Reach = 'public' | 'private' | 'never';

type Range = readonly [string, number];
const PRIVATE_4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carriers' NAT
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
const NEVER_4: readonly Range[] = [
  ['0.0.0.0', 8], // this machine, on many systems
  ['100.100.100.200', 32], // metadata of Alibaba Cloud
  ['168.63.129.16', 32], // the host's own service in Azure
  ['169.254.0.0', 16], // link-local, and metadata of nearly every cloud
  ['192.0.0.0', 24], // protocols; metadata of Oracle Cloud
  ['192.0.2.0', 24],
  ['192.88.99.0', 24], // relays of 6to4
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const PRIVATE_6: readonly Range[] = [
  ['::1', 128],
  ['fc00::', 7],
];
const NEVER_6: readonly Range[] = [
  ['2001::', 23], // Teredo, ORCHID, benchmarks
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: leads to any IPv4 address, by somebody's relay
  ['3fff::', 20],
  ['fd00:ec2::', 32], // metadata of AWS
  ['fd20:ce::254', 128], // metadata of Google Cloud
];
/** Whose last 32 bits are the IPv4 address that is meant: mapped, translated by NAT64. */
const CARRY_4: readonly Range[] = [
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
];

function listOf(ranges: readonly Range[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, family);
  return list;
}
const LISTS = {
  never4: listOf(NEVER_4, 'ipv4'),
  private4: listOf(PRIVATE_4, 'ipv4'),
  never6: listOf(NEVER_6, 'ipv6'),
  private6: listOf(PRIVATE_6, 'ipv6'),
  carry4: listOf(CARRY_4, 'ipv6'),
  global6: listOf([['2000::', 3]], 'ipv6'),
};

/** @param address IPv4 or IPv6 in any textual form, with or without a zone; anything else is `never` */
export function reachOf(address: string): Reach {
  const family = isIP(address);
  if (family === 4) return reachOf4(address);
  if (family !== 6) return 'never';
  const plain = canonical6(address);
  if (LISTS.carry4.check(plain, 'ipv6')) return reachOf4(last32(plain));
  if (LISTS.never6.check(plain, 'ipv6')) return 'never';
  if (LISTS.private6.check(plain, 'ipv6')) return 'private';
  return LISTS.global6.check(plain, 'ipv6') ? 'public' : 'never'; // what nobody has been given is nobody's
}

function reachOf4(address: string): Reach {
  if (LISTS.never4.check(address, 'ipv4')) return 'never';
  return LISTS.private4.check(address, 'ipv4') ? 'private' : 'public';
}

/** In hexadecimal groups, shortened, without its zone: `::ffff:7f00:1`. */
function canonical6(address: string): string {
  return new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
}

/** The last two groups as an IPv4 address; groups that `::` stands for are 0. */
function last32(canonical: string): string {
  const groups = canonical.split(':').map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  const [high = 0, low = 0] = groups.slice(-2);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A host as URLs write it: lower case, no brackets, no dot at its end; `null` where it is none. */
export function hostName(host: string): string | null {
  const bare = isIP(host) === 6 ? `[${host}]` : host;
  if (!/^(\[[^\]]+\]|[^\s:/?#@\\[\]]+)$/.test(bare) || !URL.canParse(`http://${bare}`)) return null;
  return bareName(new URL(`http://${bare}`).hostname);
}

/** Host name of a URL without the brackets of IPv6 and the dot of the root. */
export const bareName = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** Whether a connection to `address` may be made for a URL that names `host`. */
export type Guard = (host: string, address: string) => boolean;

/**
 * Public addresses may be reached by any name, private ones by the names in `allowed` alone, and those that are never a
 * receiver's only where `allowed` has that address. Names are compared as URLs write them.
 */
export function guardOf(allowed: readonly string[]): Guard {
  const names = new Set(allowed.map(hostName));
  return (host, address) => {
    const reach = reachOf(address);
    if (reach === 'public') return true;
    const isNamed = names.has(bareName(host));
    return isNamed && (reach === 'private' || isIP(bareName(host)) !== 0);
  };
}
