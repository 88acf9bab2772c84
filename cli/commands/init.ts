/** `simcity init`: writes a service and a scenario to start from. What is there already stays as it is. */
import { constants, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';

const FILES = ['my-service.ts', 'my-adapter.ts', 'my-scenario.ts', 'SIMCITY.md'];

export async function init(context: Context, folder: string): Promise<number> {
  const target = resolve(context.cwd, folder);
  for (const file of FILES) {
    const written = write(file, target);
    await context.out(`${written ? 'wrote' : 'kept '}  ${safeText(shown(context, join(target, file)))}\n`);
  }
  const service = shown(context, join(target, 'my-service.ts'));
  context.err(
    `simcity: there is a race in the service. Find it: npx simcity run --target ${safeText(service)}\n`,
  );
  return EXIT.pass;
}

/** False when there is such a file, which stays as it is. @throws CliError when it cannot be written. */
function write(file: string, folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    copyFileSync(templateFile(file), join(folder, file), constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(join(folder, file))) return false;
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
