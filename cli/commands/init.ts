/** `simcity init`: writes a service, an adapter and a scenario to start from. What is there already stays as it is. */
import { constants, copyFileSync, existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ADAPTER_KINDS, type AdapterKind, type KindOfAdapter } from '../init/kinds.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf } from '../process/errors.ts';
import { makeFolder } from '../process/make-folder.ts';
import { systemRefusal } from '../process/system-errors.ts';
import { safeText } from '../run/sanitize.ts';

const ADAPTER = 'my-adapter.ts';
const STANDARD: AdapterKind = 'keyless';

export interface InitFlags {
  kind?: AdapterKind;
}

export async function init(context: Context, folder: string, flags: InitFlags): Promise<number> {
  const target = resolve(context.cwd, folder);
  // An adapter that is there stays: then nobody needs to be asked.
  const kind = flags.kind ?? (existsSync(join(target, ADAPTER)) ? STANDARD : await asked(context));
  const files = [
    ['my-service.ts', 'my-service.ts'],
    [`adapter-${kind}.ts`, ADAPTER],
    ['my-scenario.ts', 'my-scenario.ts'],
    ['SIMCITY.md', 'SIMCITY.md'],
  ] as const;
  for (const [template, file] of files) {
    const written = write(template, file, target);
    await context.out(`${written ? 'wrote' : 'kept '}  ${safeText(shown(context, join(target, file)))}\n`);
  }
  const service = shown(context, join(target, 'my-service.ts'));
  const adapter = shown(context, join(target, ADAPTER));
  const { scenario }: KindOfAdapter = ADAPTER_KINDS.find(({ name }) => name === kind) ?? ADAPTER_KINDS[0];
  const words = scenario === undefined ? '' : `--scenario ${scenario} `;
  context.err(
    `simcity: there is a race in the service. Find it: npx simcity run --target ${safeText(service)}\n` +
      `simcity: an HTTP service of yours: make ${safeText(adapter)} its own, then npx simcity check-adapter ${words}--target URL --adapter ${safeText(adapter)}\n`,
  );
  return EXIT.pass;
}

/** Asks which kind it is; without a terminal, or without an answer, it is the plainest. */
async function asked(context: Context): Promise<AdapterKind> {
  if (!context.isTerminal.stdin || !context.isTerminal.stderr) return STANDARD;
  const kinds = ADAPTER_KINDS.map(({ name, what }, i) => `  ${i + 1}  ${name.padEnd(9)} ${what}\n`).join('');
  context.err(`What is the API of your service like?\n${kinds}`);
  const lines = createInterface({ input: process.stdin });
  const close = () => lines.close();
  context.leaving.addEventListener('abort', close);
  try {
    context.err(`A number or a name (${STANDARD}): `);
    for await (const line of lines) {
      const said = line.trim();
      const found = ADAPTER_KINDS.find(({ name }, i) => said === name || said === String(i + 1));
      if (found || said === '') return found?.name ?? STANDARD;
      context.err(
        `There is no such kind. A number from 1 to ${ADAPTER_KINDS.length}, or a name (${STANDARD}): `,
      );
    }
    return STANDARD;
  } finally {
    context.leaving.removeEventListener('abort', close);
    lines.close();
  }
}

/** False when there is such a file, which stays as it is. @throws CliError when it cannot be written. */
function write(template: string, file: string, folder: string): boolean {
  try {
    makeFolder(folder);
    copyFileSync(templateFile(template), join(folder, file), constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(join(folder, file))) return false;
    const refusal = systemRefusal(error);
    if (refusal !== null) throw refusal;
    throw new CliError(`cannot write ${safeText(join(folder, file))}: ${safeText(messageOf(error))}.`, {
      exitCode: EXIT.usage,
      hint: 'Name a folder that can be written: simcity init DIR.',
    });
  }
}

/** As it would be typed: `./my-service.ts`. */
function shown(context: Context, path: string): string {
  const short = relative(context.cwd, path);
  return short.startsWith('..') ? path : `./${short}`;
}

/** Beside the bundle, or in the sources when it runs from them. */
function templateFile(name: string): string {
  const beside = fileURLToPath(new URL(`./templates/${name}`, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../init/templates/${name}`, import.meta.url));
}
