/** The note in the data directory by which a hosting process is found, and when it is believed. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isStranger, ownUser, type Stranger, strangerAt } from '../process/ownership.ts';
import { listenersAt } from './listeners.ts';
import { isOwnAlive } from './ports.ts';
import { readOwnFile, replaceFile } from './private-files.ts';

/** What a hosting process writes for others in the same directory to find it. */
const noteSchema = z.object({
  /** Null: it does not listen on the loopback address, and has to be named. */
  url: z.url().nullable(),
  pid: z.int(),
  /** When that process was started, as `startOf` tells; null where that is not known. */
  start: z.string().nullable().default(null),
  /** The command that hosts, such as `simcity up`. */
  command: z.string(),
  /** For runners that join; null when a database of the user's is used. */
  databaseUrl: z.string().nullable(),
  /** With which its server lets those in who may read this file, and by which it proves that it is the one. */
  token: z.string(),
  /** True when it stays until it is told to end, and is no run or query of somebody's. */
  lasting: z.boolean().default(false),
  /** True when it executes runs of everybody. */
  executes: z.boolean().default(false),
});
export type HostNote = z.infer<typeof noteSchema>;

/**
 * The note as far as it is believed. `doubt` tells why nothing of one that is there is believed, in words that
 * follow a name; `left`: only because its process is gone, as after a kill -9.
 */
export type Examined = { note: HostNote; doubt: null } | { note: null; doubt: string | null; left?: true };

function doubtful(doubt: string): Examined {
  return { note: null, doubt };
}

const LOOPBACK = '(?:127(?:\\.\\d{1,3}){3}|\\[::1\\]|localhost)';
const LOOPBACK_HOST = new RegExp(`^${LOOPBACK}$`);
/** Read letter by letter: clients of PostgreSQL do not agree on which host a stranger URL names. */
const LOOPBACK_DATABASE = new RegExp(
  `^postgres(?:ql)?://(?:[\\w.~%-]+(?::[\\w.~%-]*)?@)?${LOOPBACK}(?::\\d{1,5})?(?:/[\\w.~%-]*)?$`,
);

/** The path of the note in a data directory. */
export function notePath(dataDir: string): string {
  return join(dataDir, 'server.json');
}

/**
 * Examines the note in `dataDir`. It is believed when this user alone can have written it, what it names is on
 * this machine's loopback address and no other user listens there, and the very process that wrote it lives and
 * is this user's. A cloned folder, and another user, can make a note; not one like that.
 */
export function examineNote(dataDir: string): Examined {
  const stranger = strangerOf(dataDir);
  if (stranger !== null) return doubtful(`${stranger.path} belongs to another user, uid ${stranger.uid}`);
  const read = readNote(dataDir);
  if (read === null) return { note: null, doubt: null };
  if ('doubt' in read) return doubtful(read.doubt);
  const { note } = read;
  if (!isOwnAlive(note.pid, note.start)) {
    return {
      note: null,
      doubt: `process ${note.pid}, which it names, is gone or another user's`,
      left: true,
    };
  }
  const elsewhere = doubtAboutPlaces(note);
  return elsewhere === null ? { note, doubt: null } : doubtful(elsewhere);
}

/** True as long as the note is there and its process lives: whoever has believed it need not doubt it anew. */
export function stillStands(dataDir: string, note: HostNote): boolean {
  if (!isOwnAlive(note.pid, note.start)) return false;
  const now = readNote(dataDir);
  return now !== null && 'note' in now && now.note.pid === note.pid && now.note.url === note.url;
}

/** The note of the process that hosts from this directory; null without one that is believed. */
export function believedNote(dataDir: string): HostNote | null {
  return examineNote(dataDir).note;
}

function strangerOf(dataDir: string): Stranger | null {
  try {
    return strangerAt(dataDir);
  } catch {
    // What cannot be looked at holds no note that can be read.
    return null;
  }
}

function readNote(dataDir: string): { note: HostNote } | { doubt: string } | null {
  const file = readOwnFile(notePath(dataDir));
  if (file === null || 'doubt' in file) return file;
  try {
    return { note: noteSchema.parse(JSON.parse(file.text)) };
  } catch {
    return { doubt: 'it is no note of this version' };
  }
}

function doubtAboutPlaces({ url, databaseUrl }: HostNote): string | null {
  if (databaseUrl !== null && !LOOPBACK_DATABASE.test(databaseUrl)) {
    return 'the database that it names is not on the loopback address';
  }
  if (url === null) return null;
  const parsed = URL.parse(url);
  if (!isLoopback(parsed)) return 'the URL that it names is not on the loopback address';
  const stranger = strangerListeningAt(parsed);
  return stranger === null ? null : `another user, uid ${stranger}, listens at the URL that it names`;
}

/** The user who listens at `url`, which is on the loopback address, and is a stranger; null when none does. */
function strangerListeningAt(url: URL): number | null {
  const own = ownUser();
  return listenersAt(url).find((uid) => isStranger(uid, own)) ?? null;
}

/** True for the URL of a server on this machine's loopback address: 127.0.0.0/8, ::1, localhost. */
export function isLoopback(url: URL | null): url is URL {
  return url !== null && /^https?:$/.test(url.protocol) && LOOPBACK_HOST.test(url.hostname);
}

/** Leaves the note; only the owner may read it, because it can hold a password. Returns its removal. */
export function writeNote(dataDir: string, note: HostNote): () => void {
  const path = notePath(dataDir);
  replaceFile(path, () => `${JSON.stringify(note)}\n`);
  return () => {
    const now = readNote(dataDir);
    if (now !== null && 'note' in now && now.note.pid === note.pid) rmSync(path, { force: true });
  };
}
