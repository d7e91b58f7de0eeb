import { isIP } from 'node:net';
import { bareName, guardOf, hostName } from '../alerts/sinks/address.ts';
import { keyOf } from '../alerts/sinks/sign.ts';

/** Rules of single values, wherever they come from. Each tells what is wrong without the value; `null` = nothing. */

interface Allowed {
  readonly allowPrivate: readonly string[];
}

/** What the rules of addresses say of a URL that alerts are sent to. */
export function urlProblem(text: string, { allowPrivate }: Allowed): string | null {
  if (!URL.canParse(text)) return 'not a URL';
  const { protocol, username, password, hostname, hash } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'not a URL of https or http';
  if (username !== '' || password !== '') return 'a name or password does not belong into a URL: it would be shown in errors';
  if (hash !== '') return 'what stands behind # is never sent: leave it out';
  const host = bareName(hostname);
  const isAllowed = allowPrivate.some((name) => hostName(name) === host);
  if (isIP(host) !== 0 && !guardOf(allowPrivate)(host, host))
    return `${host} is not a public address; if that is meant, allow it by name: allowPrivate: ["${host}"]`;
  if (protocol === 'http:' && !isAllowed)
    return `use https: on the way to ${host} anybody could read along; for a host of your own, allow http by allowPrivate: ["${host}"]`;
  return null;
} // biome-ignore format: one rule a line reads as a table

/** The URL that paths are put behind. */
export const basePath = (url: string): string => url.trim().replace(/\/+$/, '');

export const keyProblem = (key: string): string | null =>
  /^[A-Za-z0-9]{32}$/.test(key) ? null : 'not a routing key of PagerDuty: 32 letters and digits';

export const secretProblem = (secret: string): string | null =>
  keyOf(secret) === null
    ? 'not whsec_ and the base64 of 24 to 64 bytes; make one: echo whsec_$(openssl rand -base64 32)'
    : null;

/** What we set ourselves, or what speaks of the connection. */
const OURS =
  /^(host|content-(type|length|encoding)|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|proxy-.*|webhook-.*)$/i;

export function headerProblem(name: string, value: string): string | null {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name)) return 'not the name of a header';
  if (OURS.test(name)) return 'is set by us';
  return /^[\t\x20-\x7e]{1,8192}$/.test(value) ? null : 'not the value of a header: printable ASCII, one line';
}

/** What goes into a header behind `Bearer `. */
export const tokenProblem = (token: string): string | null =>
  /^[\x21-\x7e]{1,8192}$/.test(token) ? null : 'not a token: printable ASCII without spaces, one line';
