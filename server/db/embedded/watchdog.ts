/** Ends PostgreSQL when this process is killed in a way that lets it do nothing about it any more. */
import { Child } from '../../contract/child-process/child.ts';

// A shell that reads "<pid> <signal> [file]" lines: the process to end, and how. When its stdin ends, the
// guardian is gone; then it ends that process, after 5 s by an immediate shutdown, then by force. With a file it
// first waits for a while: when that goes, another guardian has taken the process over.
const SCRIPT = `
trap '' INT TERM HUP
p=0 s=INT f=
while read -r a b c; do p=$a s=$b f=$c; done
[ "$p" -gt 1 ] || exit 0
if [ -n "$f" ]; then
  i=0
  while [ $i -lt 100 ]; do
    [ -e "$f" ] || exit 0
    sleep 0.1
    i=$((i+1))
  done
fi
kill -s "$s" "$p" 2>/dev/null || exit 0
for f in QUIT KILL; do
  i=0
  while [ $i -lt 50 ]; do
    kill -0 "$p" 2>/dev/null || exit 0
    sleep 0.1
    i=$((i+1))
  done
  kill -s $f "$p" 2>/dev/null || exit 0
done
`;

const NOTHING = '0 INT';

export interface Watchdog {
  /** From now on it is `pid` that must not outlive this process; 0: nothing. */
  guard(pid: number, signal: 'INT' | 'TERM'): void;
  /** This process is about to end: for 10 s another may take over what is guarded, and tells so by removing `file`. */
  leave(file: string): void;
  /** Ends the watchdog; nothing is guarded any more. */
  dismiss(): void;
}

/** Starts a watchdog. It is started again should it be killed itself. */
export function startWatchdog(): Watchdog {
  let guarded = NOTHING;
  let dismissed = false;
  let shell: Child | null = null;

  function start(): void {
    if (process.platform === 'win32') return;
    shell = new Child('/bin/sh', ['-c', SCRIPT], {
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      output: 'ignore',
    });
    shell.say(guarded);
    void shell.exited.then(({ spawnError }) => {
      if (!dismissed && spawnError === null) setTimeout(start, 100).unref();
    });
    shell.unref();
  }

  start();
  return {
    guard(pid, signal) {
      guarded = `${pid} ${signal}`;
      shell?.say(guarded);
    },
    leave(file) {
      shell?.say(`${guarded} ${file}`);
    },
    dismiss() {
      dismissed = true;
      shell?.say(NOTHING);
      shell?.closeStdin();
    },
  };
}
