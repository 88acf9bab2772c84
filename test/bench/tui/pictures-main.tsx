/**
 * Draws the Live view of a flood picture by picture and writes to a file what one costs. In CPU time and bytes,
 * so that a busy machine, which draws fewer pictures a second, changes little. Arguments: the file.
 */
import { writeFileSync } from 'node:fs';
import { App } from '../../../cli/tui/app.tsx';
import { mount } from '../../../cli/tui/mount.tsx';
import { createScreen } from '../../../cli/tui/screen.ts';
import { reduce } from '../../../cli/tui/state/reducer.ts';
import { initialState } from '../../../cli/tui/state/state.ts';
import { heartbeat, historyFrames, recordedRun } from '../../helpers/recorded-run.ts';

/** Five pictures a second of 10,000 events. */
const EVENTS = 2_000;
const EVERY_MS = 200;
/** As many more come before, which are not counted. */
const PICTURES = 50;
/** Longer than Ink holds a picture back at its 30 a second. */
const SETTLED_MS = 40;

const screen = createScreen(process.stdout);
let state = initialState({
  run: recordedRun(),
  size: screen.size(),
  nowMs: 0,
  owns: false,
  hosted: false,
  exitOnEnd: false,
  readOnly: false,
  cameFromList: false,
  streamFrom: 0,
});
const app = () => <App state={state} onStroke={() => {}} />;
const bytes = countWritten();
screen.enter();
const mounted = mount(screen, app());
let ms = 0;
let before = 0;
for (let i = 0; i < 2 * PICTURES; i++) {
  if (i === PICTURES) {
    ms = 0;
    before = bytes();
  }
  fold(i);
  const begun = cpuMs();
  mounted.draw(app());
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  ms += cpuMs() - begun;
}
const cost = { cpuMs: ms / PICTURES, bytes: (bytes() - before) / PICTURES };
writeFileSync(process.argv[2] ?? '', JSON.stringify(cost));
// Any other end would put the normal screen back, and the last picture is looked at.
process.kill(process.pid, 'SIGKILL');

function fold(picture: number): void {
  const from = picture * EVENTS;
  const to = from + EVENTS - 1;
  const frames = [...historyFrames(from, to), heartbeat(to)];
  state = reduce(state, { type: 'frames', frames, nowMs: picture * EVERY_MS });
}

function countWritten(): () => number {
  let count = 0;
  const { stdout } = process;
  const write = stdout.write.bind(stdout) as (text: string, ...more: unknown[]) => boolean;
  stdout.write = (text: string | Uint8Array, ...more: unknown[]) => {
    count += Buffer.byteLength(text);
    return write(text as string, ...more);
  };
  return () => count;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
