// Loaded before a worker (node --import): while the file FAULTS_FULL_DISK exists, nothing can be written under the folder
// FAULTS_FULL_DISK_UNDER, as on a disk that is full. Files can still be opened, read, named and removed there.
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

const { FAULTS_FULL_DISK: marker = '', FAULTS_FULL_DISK_UNDER: folder = '' } = process.env;
const WRITES = ['write', 'writev', 'writeFile', 'appendFile'] as const;

function refuseIfFull(): void {
  if (!fs.existsSync(marker)) return;
  const error: NodeJS.ErrnoException = new Error('ENOSPC: no space left on device, write');
  error.code = 'ENOSPC';
  throw error;
}

function onFullDisk(file: FileHandle): FileHandle {
  for (const name of WRITES) {
    const write = file[name].bind(file) as (...args: unknown[]) => Promise<unknown>;
    Object.defineProperty(file, name, {
      value: async (...args: unknown[]) => {
        refuseIfFull();
        return await write(...args);
      },
    });
  }
  return file;
}

const openFile = fs.promises.open; // an import of it would become what replaces it

const open: typeof openFile = async (path, flags, mode) => {
  const file = await openFile(path, flags, mode);
  return String(path).startsWith(folder + sep) ? onFullDisk(file) : file;
};

if (marker !== '' && folder !== '') {
  fs.promises.open = open;
  syncBuiltinESMExports();
}
