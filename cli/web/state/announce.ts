/** Says to a screen reader what matters, and not more often than can be listened to. */

const QUIET_MS = 1_500;
let next: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says `text` when the last words are through; of several that wait only the newest is said. */
export function announce(text: string): void {
  next = text;
  if (timer === undefined) say();
}

function say(): void {
  timer = undefined;
  if (next === null) return;
  const region = document.getElementById('announcer');
  if (region) region.textContent = next;
  next = null;
  timer = setTimeout(say, QUIET_MS);
}
