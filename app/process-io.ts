import { ClosedOutputError, type Io, type Output } from './io.ts';

/** The real thing. A second Ctrl-C ends at once. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    env: process.env,
    nowMs: () => performance.now(),
    onInterrupt(stop) {
      let isSecond = false;
      const heard = () => {
        if (isSecond) process.exit(130);
        isSecond = true;
        stop();
      };
      process.on('SIGINT', heard).on('SIGTERM', heard);
      return () => process.off('SIGINT', heard).off('SIGTERM', heard);
    },
    onHangup(heard) {
      process.on('SIGHUP', heard);
      return () => process.off('SIGHUP', heard);
    },
  };
}

export function outputTo(stream: NodeJS.WriteStream | NodeJS.WritableStream): Output {
  let failure: Error | null = null;
  const writing = new Set<(error: Error) => void>();
  stream.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code === 'EPIPE' ? new ClosedOutputError('output closed') : error;
    for (const fail of writing) fail(failure);
    writing.clear();
  });
  return {
    isTTY: 'isTTY' in stream && stream.isTTY === true,
    write: (text) =>
      new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure);
        writing.add(reject);
        const written = (error?: Error | null) => {
          if (error !== undefined && error !== null) return; // it arrives as an event, too
          writing.delete(reject);
          resolve();
        };
        stream.write(text, written);
      }),
  };
}
