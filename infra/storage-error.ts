export type StorageCode =
  /** no room: nothing was changed, the same call may succeed later */
  | 'DISK_FULL'
  /** bytes that were once safe are damaged or gone; the message names file and place */
  | 'CORRUPT'
  /** written by a later version of this program */
  | 'NEWER_VERSION'
  /** another process holds the directory */
  | 'LOCKED'
  /** somebody else wrote here since: this process must stop writing */
  | 'FENCED'
  /** used after close */
  | 'CLOSED'
  /** the record is larger than the log takes */
  | 'TOO_LARGE'
  /** the offset was removed by retention, or was never written */
  | 'OFFSET_GONE';

/** Durable storage could not do as asked. Nothing was lost that had been acknowledged, but for `CORRUPT`. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageCode;

  constructor(code: StorageCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether the same call may succeed later without anybody repairing anything. */
  get retriable(): boolean {
    return this.code === 'DISK_FULL' || this.code === 'LOCKED';
  }
}
