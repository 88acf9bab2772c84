/** The process `database`: guards one embedded PostgreSQL from its start to its end. */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CLOCK_FILE } from '../contract/names.ts';
import { hasMembers } from '../contract/world-members.ts';
import { createLog, printReady, toldToEnd } from '../process-edge.ts';
import { EXIT_UNAVAILABLE, EXIT_USAGE, notReady, StartupError } from '../startup-error.ts';
import { startEmbedded } from './embedded.ts';

interface Arguments {
  dataDir: string;
  /** Where it was before, which it takes again when it is free; null: any. */
  port: number | null;
  /** The library by which it goes by a clock of SimCity's; null: by the machine's. */
  preload: string | null;
}

function readArguments(): Arguments {
  try {
    const options = {
      'data-dir': { type: 'string' },
      port: { type: 'string' },
      preload: { type: 'string' },
    } as const;
    const { values } = parseArgs({ options });
    const port = Number(values.port);
    if (values['data-dir'])
      return {
        dataDir: values['data-dir'],
        port: port > 0 ? port : null,
        preload: values.preload ?? null,
      };
  } catch (error) {
    throw new StartupError('wrong_usage', error instanceof Error ? error.message : String(error), {
      hint: 'Give only --data-dir DIR, --port N, and --preload FILE.',
      exitCode: EXIT_USAGE,
    });
  }
  throw new StartupError('wrong_usage', '--data-dir is missing', {
    hint: 'Give --data-dir DIR, the folder for the database, for example .simcity.',
    exitCode: EXIT_USAGE,
  });
}

/** What has a clock of its own lasts for one run. */
async function removeAll(...folders: string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function main(): Promise<number> {
  const log = createLog('database');
  // Listened for from the first moment: a start that nobody waits for any more is taken back.
  const told = toldToEnd();
  const { dataDir, port, preload } = readArguments();
  const clock = preload === null ? undefined : { preload, file: join(dataDir, CLOCK_FILE) };
  const database = await startEmbedded(dataDir, log, port, clock);
  printReady({ ready: 'database', url: database.url, folder: database.folder });
  const lost = database.gone.then(
    () => null,
    (error: unknown) => error,
  );
  const why = await Promise.race([told, lost]);
  if (typeof why === 'string' && hasMembers(dataDir) && database.leave()) {
    log.info({ why }, 'leaving PostgreSQL to the next process that hosts this directory');
    return 0;
  }
  if (typeof why === 'string') log.info({ why }, 'stopping PostgreSQL');
  else log.error({ err: why }, 'PostgreSQL is gone');
  await database.stop();
  if (clock) await removeAll(dataDir, dirname(database.folder));
  return typeof why === 'string' ? 0 : EXIT_UNAVAILABLE;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { line, exitCode } = notReady(error);
    printReady(line);
    process.exit(exitCode);
  },
);
