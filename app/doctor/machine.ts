import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { lockHolders } from '../../infra/directory-lock.ts';
import { parseListen } from '../../infra/http-server.ts';
import { portTrouble } from '../../infra/probe.ts';
import { readNamed } from '../config-store.ts';
import { bytes } from '../style.ts';
import { type Check, type Finding, fail, ok, skipped, warn } from './check.ts';
import type { DoctorWorld } from './world.ts';

const LEAST_NODE = 20;
const SDK_NODE = 22;
const MEBIBYTE = 1024 * 1024;
const FULL_BYTES = 100 * MEBIBYTE;
const LOW_BYTES = 2 * 1024 * MEBIBYTE;
const DAY_MS = 24 * 3600 * 1000;
const SOON_DAYS = 14;

export function nodeCheck({ nodeVersion }: DoctorWorld): Check {
  const what = 'node';
  return {
    what,
    async run() {
      const major = Number(/^v?(\d+)/.exec(nodeVersion)?.[1]);
      if (major >= SDK_NODE) return [ok(what, nodeVersion)];
      if (major >= LEAST_NODE) return [ok(what, `${nodeVersion}; the AWS SDK needs ${SDK_NODE} from January 2027 on`)];
      return [fail(what, `${nodeVersion} is too old`, `install Node ${LEAST_NODE} or newer`)];
    },
  };
}

/** A folder that the installation writes to: whether it can, whether there is room, and who has it. */
export function folderCheck(what: string, dir: string, world: DoctorWorld): Check {
  return {
    what,
    async run() {
      const place = resolve(world.cwd, dir);
      const existing = nearestExisting(place);
      const denied = writeTrouble(existing);
      if (denied !== null) {
        const why =
          denied === 'EROFS'
            ? 'the file system is read-only'
            : denied === 'ENOTDIR'
              ? 'it is a file'
              : `this user may not write (${denied})`;
        return [
          fail(
            what,
            `${dir}: ${why}`,
            `make ${existing} writable for the user that runs tripline, or name another folder in the config`,
          ),
        ];
      }
      return [...roomFindings(what, dir, existing, world), ...(await holderFindings(what, dir, world))];
    },
  };
}

function nearestExisting(place: string): string {
  let at = place;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

/** Null = a file can be made there. */
function writeTrouble(dir: string): string | null {
  try {
    rmSync(mkdtempSync(join(dir, '.tripline-doctor-')), { recursive: true });
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function roomFindings(what: string, dir: string, existing: string, world: DoctorWorld): Finding[] {
  const free = (world.freeBytes ?? freeBytesOf)(existing);
  const room = `${dir}: ${bytes(free)} free`;
  if (free < FULL_BYTES)
    return [
      fail(
        what,
        `${room}: the disk is full`,
        'make room or name a folder on another disk: what cannot be written stops the installation',
      ),
    ];
  if (free < LOW_BYTES) return [warn(what, room, 'make room: below 100 MB nothing is taken any more')];
  return [ok(what, `${room}, writable`)];
}

function freeBytesOf(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return Number(bavail) * Number(bsize);
}

/** Somebody else who has the folder; our own running installation is no trouble. */
async function holderFindings(what: string, dir: string, { running, cwd }: DoctorWorld): Promise<Finding[]> {
  const holders = await lockHolders(resolve(cwd, dir));
  const isOurs = (pid: number) => running.some((peer) => peer.pid === pid);
  return holders.map(({ pid, host }) => {
    if (host !== null) {
      const fix = 'look whether it still runs; a folder of the local bus is for one host';
      return warn(what, `${dir} belongs to process ${pid} on host ${host}`, fix);
    }
    if (isOurs(pid)) return skipped(what, `${dir} is in use by the running installation (process ${pid})`);
    return fail(
      what,
      `${dir} is in use by process ${pid}, which does not answer`,
      `end process ${pid}, or name another folder`,
    );
  });
}

/** A port that this configuration wants to listen on. */
export function portCheck(what: string, listen: string, world: DoctorWorld): Check {
  return {
    what,
    async run() {
      const { host, port } = parseListen(listen);
      if (port === 0) return [ok(what, `${listen}: any that is free`)];
      const trouble = await portTrouble(host, port);
      if (trouble === null) return [ok(what, `${listen} is free`)];
      const [holder] = world.running;
      if (trouble === 'EADDRINUSE' && holder !== undefined)
        return [skipped(what, `${listen} is taken, most likely by the running installation (process ${holder.pid})`)];
      if (trouble === 'EADDRINUSE')
        return [fail(what, `${listen}: another program has this port`, 'end it, or choose another port in the config')];
      if (trouble === 'EACCES') return [fail(what, `${listen}: this user may not open it`, 'choose a port above 1023')];
      if (trouble === 'EADDRNOTAVAIL')
        return [fail(what, `${listen}: this machine has no such address`, 'name one of its addresses, or 127.0.0.1')];
      return [fail(what, `${listen}: ${trouble}`, 'choose another address in the config')];
    },
  };
}

/** A certificate that we show: readable, of its key, not at its end. */
export function certificateCheck(
  what: string,
  files: { readonly cert: string; readonly key: string },
  world: DoctorWorld,
): Check {
  return {
    what,
    async run() {
      const [cert, key] = [readNamed(`${what}: cert`, files.cert), readNamed(`${what}: key`, files.key)];
      let certificate: X509Certificate;
      try {
        certificate = new X509Certificate(cert);
      } catch {
        return [
          fail(
            what,
            `${files.cert} is no certificate in PEM`,
            'name the file of the certificate, with those that signed it behind it',
          ),
        ];
      }
      try {
        createSecureContext({ cert, key });
      } catch {
        return [
          fail(
            what,
            `${files.key} is not the key of ${files.cert}`,
            'name the private key that the certificate was made for',
          ),
        ];
      }
      const days = Math.floor((Date.parse(certificate.validTo) - world.nowMs()) / DAY_MS);
      if (Date.parse(certificate.validFrom) > world.nowMs())
        return [fail(what, `${files.cert} is not valid before ${certificate.validFrom}`, 'look at the clock, or wait')];
      if (days < 0)
        return [
          fail(what, `${files.cert} expired on ${certificate.validTo}`, 'renew it; tripline reload takes the new one'),
        ];
      if (days < SOON_DAYS)
        return [warn(what, `${files.cert} expires in ${days} days`, 'renew it; tripline reload takes the new one')];
      return [ok(what, `${files.cert} is valid for ${days} days, and its key fits`)];
    },
  };
}
