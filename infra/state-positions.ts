import type { Table } from './state-file.ts';
import { StorageError } from './storage-error.ts';

const WHOLE = /^-?\d+$/;

/**
 * What has read an input less far than the newest snapshot here must not replace it. Positions that are no whole numbers
 * cannot be compared and pass, as do inputs that are in one of the two only. @throws {StorageError} FENCED
 */
export function refuseIfBehind(dir: string, newest: Table['positions'], positions: Table['positions']): void {
  const known = new Map(newest);
  for (const [input, position] of positions) {
    const before = known.get(input);
    if (before === undefined || !WHOLE.test(before) || !WHOLE.test(position)) continue;
    if (BigInt(position) >= BigInt(before)) continue;
    throw new StorageError(
      'FENCED',
      `${dir}: the newest snapshot has read ${JSON.stringify(input)} up to ${before}, this one only up to ${position}: load it and go on from there`,
    );
  }
}
