/**
 * Makes the picture of a campaign behind the gate for the README, from a real one: the lines that a person types, and what is
 * found of a service in Python, as SVG into .readme/, for dark and for light pages.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPty } from '../test/helpers/pty.ts';
import { DARK, LIGHT, replayed, svgOf } from './pictures/svg.ts';

const COLUMNS = 122;
/** More than is printed: the picture is as high as what is. */
const MOST_ROWS = 200;
const LIMIT_MS = 15 * 60_000;
const FAIL = 1;

const folder = mkdtempSync(join(tmpdir(), 'simcity-pictures-'));
const program = join(process.cwd(), 'cli/simcity.js');
copyFileSync(join(process.cwd(), 'test/gate/services/flask_sqlalchemy.py'), join(folder, 'tickets.py'));

const EXPORT = "export TARGET=http://127.0.0.1:8080 EXEC='python3 tickets.py'";
const CAMPAIGN = 'simcity campaign --target "$TARGET" --exec "$EXEC" --gate --seeds 1..3 --faults none';

/** What is typed is what is run, but for where the program is. */
const SCRIPT = `
cd ${quoted(folder)}
say() { printf '\\033[1m$ %s\\033[0m\\n' "$1"; }
say ${quoted(EXPORT)}
say ${quoted(CAMPAIGN)}
${EXPORT} BUG=check-then-insert
# Debian's Python has the driver, whatever else stands before it.
export PATH=/usr/bin:$PATH
simcity() { ${quoted(process.execPath)} ${quoted(program)} "$@" --parallel 1 --name tickets --log --data-dir ${quoted(folder)} 2>/dev/null; }
${CAMPAIGN}
`;

const pty = startPty('bash', ['-c', SCRIPT], {
  columns: COLUMNS,
  rows: MOST_ROWS,
  env: { COLORTERM: 'truecolor' },
});
const limit = setTimeout(() => pty.kill('SIGKILL'), LIMIT_MS);
try {
  const { exitCode, signal } = await pty.exited;
  // Anything else than what was found is no picture.
  if (exitCode !== FAIL || signal) throw new Error(`the campaign ended with ${exitCode}:\n${pty.text()}`);
  const rows = pty.screen().findLastIndex((line) => line.trim() !== '') + 1;
  mkdirSync('.readme', { recursive: true });
  for (const [name, theme] of [
    ['gate.svg', DARK],
    ['gate-light.svg', LIGHT],
  ] as const) {
    writeFileSync(join('.readme', name), svgOf(await replayed(pty.raw(), COLUMNS, rows + 1), theme));
    process.stdout.write(`.readme/${name}\n`);
  }
  process.stdout.write(`${pty.text().trimEnd()}\n`);
} finally {
  clearTimeout(limit);
  rmSync(folder, { recursive: true, force: true });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
