/** The group that functions share in tests. */
export const SHARED_GROUP = '/teams/shop';

interface Message {
  logGroup: string;
  logStream: string;
}

/**
 * Subscription messages as they are when the functions that `moves` names log into one group that they share, as Lambda's
 * advanced logging controls let them: there the stream tells whose it is. All else is as it was.
 */
export function inSharedGroup(lines: Iterable<string>, moves: (name: string) => boolean): string[] {
  return [...lines].map((line) => {
    if (!line.startsWith('{"messageType":"DATA_MESSAGE"')) return line;
    const message = JSON.parse(line) as Message;
    const [, name = ''] = /^\/aws\/lambda\/(.+)$/.exec(message.logGroup) ?? [];
    if (name === '' || !moves(name)) return line;
    message.logGroup = SHARED_GROUP;
    message.logStream = message.logStream.replace('[', `${name}[`);
    return JSON.stringify(message);
  });
}

/** A half of all functions. */
export const isEven = (name: string): boolean => name.charCodeAt(name.length - 1) % 2 === 0;
