/** Ctrl-Z: gives the terminal back, stops this process, and takes the terminal again when it goes on. */

export interface Suspension {
  /** Gives the terminal back to the shell. */
  leave(): void;
  /** Takes it again, and draws everything anew. */
  enter(): void;
}

/** A process that cannot be stopped (its group has no shell) goes on after so long, in ms. */
const NOT_STOPPED_MS = 100;

/** Heeds SIGTSTP and SIGCONT from now on. Returns its undoing. */
export function heedSuspension({ leave, enter }: Suspension): () => void {
  // Windows knows no such signals.
  if (process.platform === 'win32') return () => {};
  let suspended = false;
  const suspend = () => {
    suspended = true;
    leave();
    // Without a handler the signal does what it does to everyone; the whole group, as if the terminal sent it,
    // so that an `npm` in front of this process stops as well.
    process.off('SIGTSTP', suspend);
    process.kill(0, 'SIGTSTP');
    setTimeout(resume, NOT_STOPPED_MS);
  };
  const resume = () => {
    if (!suspended) return;
    suspended = false;
    process.on('SIGTSTP', suspend);
    enter();
  };
  const onContinue = () => {
    if (suspended) resume();
    // Stopped by SIGSTOP, which nobody is told of: whatever was drawn over the screen meanwhile goes.
    else enter();
  };
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', onContinue);
  return () => {
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', onContinue);
    suspended = false;
  };
}
