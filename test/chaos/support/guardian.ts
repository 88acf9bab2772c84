/**
 * Ends the processes of a suite that was killed and could not do so itself. It runs beside the suite, in a session of
 * its own: `guardian.ts ID FOLDER PID`, where PID is the suite's main process, which holds the other end of its stdin.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { signal } from './processes.ts';
import { processesOfSuite, type Suite } from './suite.ts';

const [id = '', folder = '', main = ''] = process.argv.slice(2);
const LONGEST_MS = 30_000;

/** What the suite says at its own end; an end without it is a death. */
const WORD = 'done';

if (id !== '' && folder !== '' && !(await text(process.stdin)).includes(WORD)) endAll({ id, folder });

function endAll(suite: Suite): void {
  const deadline = performance.now() + LONGEST_MS;
  // Again until none is left: some may have been about to start others.
  while (performance.now() < deadline) {
    const found = processesOfSuite(suite, Number(main), { workers: true });
    if (found.length === 0) break;
    for (const { pid } of found) signal(pid, 'SIGKILL');
  }
  for (const place of mountsIn(suite.folder)) execFileSync('umount', ['--lazy', place], { stdio: 'ignore' });
  rmSync(suite.folder, { recursive: true, force: true, maxRetries: 5 });
}

function mountsIn(place: string): string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[1] ?? '').filter((mount) => mount.startsWith(`${place}/`));
}
