/** Whether the terminal's background is light: as the user says, as COLORFGBG says, or as the terminal answers. */

type Env = Readonly<Record<string, string | undefined>>;

/** The colour of the background, and then what every terminal answers: so that silence is not waited for. */
const QUESTION = '\u001b]11;?\u001b\\\u001b[c';
const COLOR = /\u001b\]11;rgba?:([0-9a-f]+)\/([0-9a-f]+)\/([0-9a-f]+)[^\u0007\u001b]*(?:\u0007|\u001b\\)/i;
const DEVICE = /\u001b\[\?[\d;]*c/;
/** A terminal on the other side of the world answers later than that; then it counts as dark. */
const PATIENCE_MS = 120;
/** Answers that late are still no keys. */
const LATE_MS = 5_000;

/** The part of stdin that is used. */
export interface TerminalInput {
  isRaw?: boolean;
  setRawMode(raw: boolean): unknown;
  read(size?: number): unknown;
  unshift(chunk: Buffer): void;
  on(event: 'readable', listener: () => void): unknown;
  off(event: 'readable', listener: () => void): unknown;
}

export interface TerminalOutput {
  write(text: string): unknown;
}

/** Asks the terminal only when nobody said. Keys that are typed meanwhile stay on stdin. */
export async function isLightBackground(
  env: Env,
  stdin: TerminalInput,
  stdout: TerminalOutput,
  patienceMs = PATIENCE_MS,
): Promise<boolean> {
  const said = saidBackground(env);
  if (said !== null) return said === 'light';
  return ask(stdin, stdout, patienceMs);
}

/** Null when neither the user nor the environment says. */
export function saidBackground(env: Env): 'light' | 'dark' | null {
  const theme = env['SIMCITY_THEME'];
  if (theme === 'light' || theme === 'dark') return theme;
  const background = /;(\d+)$/.exec(env['COLORFGBG'] ?? '')?.[1];
  if (background !== undefined) return ['7', '15'].includes(background) ? 'light' : 'dark';
  // The console of Linux, and screen within anything, do not answer for their background.
  return /^(linux|screen)/.test(env['TERM'] ?? '') ? 'dark' : null;
}

function ask(stdin: TerminalInput, stdout: TerminalOutput, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = '';
    stdin.setRawMode(true);
    const finish = (answered: boolean) => {
      clearTimeout(timer);
      stdin.off('readable', listen);
      const color = COLOR.exec(heard);
      const typed = heard.replace(COLOR, '').replace(DEVICE, '');
      if (typed !== '') stdin.unshift(Buffer.from(typed, 'latin1'));
      if (!answered) dropLateAnswers(stdin);
      resolve(color !== null && isLight(color));
    };
    const listen = () => {
      for (let chunk = stdin.read(); chunk !== null; chunk = stdin.read()) {
        heard += Buffer.isBuffer(chunk) ? chunk.toString('latin1') : String(chunk);
      }
      if (DEVICE.test(heard)) finish(true);
    };
    const timer = setTimeout(() => finish(false), patienceMs);
    stdin.on('readable', listen);
    stdout.write(QUESTION);
  });
}

/** What comes too late must not be taken for keys. */
function dropLateAnswers(stdin: TerminalInput): void {
  const read = stdin.read;
  const restore = () => {
    stdin.read = read;
  };
  const timer = setTimeout(restore, LATE_MS);
  timer.unref();
  stdin.read = function (size?: number) {
    const chunk = read.call(this, size);
    if (chunk === null) return chunk;
    const text = Buffer.isBuffer(chunk) ? chunk.toString('latin1') : String(chunk);
    if (!COLOR.test(text) && !DEVICE.test(text)) return chunk;
    const rest = text.replace(COLOR, '').replace(DEVICE, '');
    return Buffer.isBuffer(chunk) ? Buffer.from(rest, 'latin1') : rest;
  };
}

/** By the brightness that is seen: green counts most. */
function isLight(color: RegExpExecArray): boolean {
  const [red, green, blue] = [color[1], color[2], color[3]].map((hex) => {
    const digits = hex ?? '0';
    return Number.parseInt(digits, 16) / (16 ** digits.length - 1);
  }) as [number, number, number];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 0.5;
}
