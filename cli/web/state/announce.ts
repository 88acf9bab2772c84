/** Says to a screen reader what matters, and not more often than can be listened to. */

const QUIET_MS = 1_500;
/** More than that at once is not listened to. */
const MOST_WAITING = 3;
let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says `text` when the last words are through; what waits is said together, the newest last. */
export function announce(text: string): void {
  waiting = [...waiting.filter((each) => each !== text), text].slice(-MOST_WAITING);
  if (timer === undefined) say();
}

function say(): void {
  timer = undefined;
  if (waiting.length === 0) return;
  const region = document.getElementById('announcer');
  if (region) region.textContent = waiting.join(' ');
  waiting = [];
  timer = setTimeout(say, QUIET_MS);
}
