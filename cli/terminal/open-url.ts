/** Opens a page in the browser of whoever sits at the terminal, without a shell; where there is none, says so. */
import { spawn } from 'node:child_process';

type Env = Readonly<Record<string, string | undefined>>;

/** A program and its arguments, the URL among them. */
export interface Opener {
  file: string;
  args: readonly string[];
}

/** What opens `url` here; null: nobody would see it. `BROWSER` decides where it is set. */
export function openerOf(url: string, env: Env, platform: NodeJS.Platform): Opener | null {
  const browser = env['BROWSER'];
  if (browser === 'none') return null;
  if (browser !== undefined && browser.trim() !== '') return ofVariable(browser, url, platform);
  // A browser that opens at the other end of the connection is seen by nobody.
  const isRemote = isSet(env['SSH_CONNECTION']) || isSet(env['SSH_TTY']);
  if (platform === 'darwin') return isRemote ? null : { file: 'open', args: [url] };
  if (platform === 'win32')
    return isRemote ? null : { file: 'rundll32', args: ['url.dll,FileProtocolHandler', url] };
  const hasDisplay = isSet(env['DISPLAY']) || isSet(env['WAYLAND_DISPLAY']);
  return hasDisplay ? { file: 'xdg-open', args: [url] } : null;
}

/** Programs to try, with `:` between; the first one is taken. `%s` stands for the URL, which is last otherwise. */
function ofVariable(browser: string, url: string, platform: NodeJS.Platform): Opener | null {
  const first = (platform === 'win32' ? browser : (browser.split(':')[0] ?? '')).trim();
  const [file, ...args] = first.split(/\s+/);
  if (file === undefined || file === '') return null;
  const named = args.map((arg) => arg.replaceAll('%s', url));
  return { file, args: first.includes('%s') ? named : [...named, url] };
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

/** Long enough for a program to say that it cannot, in ms; a browser in the foreground goes on. */
const REFUSES_WITHIN_MS = 2_000;

/** Starts the opener apart from this process. Resolves to whether it could. */
export function startOpener({ file, args }: Opener): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { detached: true, stdio: 'ignore' });
    const timer = setTimeout(() => resolve(true), REFUSES_WITHIN_MS);
    timer.unref();
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
    child.unref();
  });
}
