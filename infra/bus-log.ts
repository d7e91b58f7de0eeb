import { join } from 'node:path';
import type { Bus } from './bus.ts';
import { PartitionedBus } from './bus-partitions.ts';
import { DISK, type Files } from './durable-file.ts';
import type { Retention, SegmentLog, SegmentLogOptions } from './segment-log.ts';
import { openSegmentLog } from './segment-log-open.ts';

export interface LogBusOptions extends SegmentLogOptions, Retention {
  readonly partitions: number;
}

/**
 * The bus of one machine: a segment log a partition, in `dir`/000, 001 …. Published means safe on disk; what every group
 * has acked is removed, segment by segment, unless `keepBytes` or `keepRecords` keep it. The disk is the bound: when it
 * is full, publishing is refused (`DISK_FULL`, retriable) and reading goes on.
 *
 * @throws {StorageError} LOCKED, CORRUPT, NEWER_VERSION, DISK_FULL
 */
export async function openLogBus(dir: string, options: LogBusOptions, files: Files = DISK): Promise<Bus> {
  const logs: SegmentLog[] = [];
  try {
    for (let partition = 0; partition < options.partitions; partition++) {
      logs.push(await openSegmentLog(join(dir, String(partition).padStart(3, '0')), options, files));
    }
  } catch (error) {
    for (const log of logs) await log.close();
    throw error;
  }
  return new PartitionedBus(logs, async (log) => {
    await log.trim(options);
  });
}
