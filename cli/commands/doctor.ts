/** `simcity doctor`: every setting with where it came from, and checks of all that a run needs. */
import { ENGINE_GENERATION } from '../../server/contract/index.ts';
import { configuredBy, type ResolvedSetting, resolveSettings } from '../config/apply.ts';
import { type LoadedConfig, loadConfigFile } from '../config/file.ts';
import { type Check, fail, ok } from '../doctor/check.ts';
import { checkEnvironment } from '../doctor/environment.ts';
import {
  checkCompiler,
  checkDataDir,
  checkDisk,
  checkEmbedded,
  checkEngine,
  checkNode,
  checkNote,
  checkTerminal,
} from '../doctor/machine.ts';
import { checkMigrations } from '../doctor/migrations.ts';
import { checkDatabase, checkServer } from '../doctor/services.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { type Style, styleFor } from '../output/style.ts';
import { type Column, tableLines } from '../output/table.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

interface DoctorFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

/** Exit code 1 when something is in the way. */
export async function doctor(context: Context, flags: DoctorFlags): Promise<number> {
  const { file, check } = await readFile(context);
  const settings = resolveSettings(context.env, file, { ...flags });
  const checks = [
    checkNode(),
    checkEngine(),
    ...checkEnvironment(context.env),
    ...(check === null ? [] : [check]),
    ...(await examine({ ...context, ...configuredBy({}, context.env, file) }, flags)),
  ];
  const healthy = checks.every(({ state }) => state !== 'fail');
  if (flags.json) {
    const told = settings.map(({ setting, value, from }) => ({ name: setting.name, value, from }));
    await context.out(
      `${safeJson({ version: 1, simcity: VERSION, generation: ENGINE_GENERATION, healthy, settings: told, checks }, 2)}\n`,
    );
  } else {
    await context.out(text(settings, checks, styleFor(wantsColor(context, 'stdout'))));
  }
  return healthy ? EXIT.pass : EXIT.fail;
}

async function readFile(context: Context): Promise<{ file: LoadedConfig | null; check: Check | null }> {
  try {
    const file = await loadConfigFile(context.cwd);
    return { file, check: file === null ? null : ok('configuration', `${file.name} is valid`) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { file: null, check: fail('configuration', error.message, error.hint ?? '') };
  }
}

async function examine(context: Context, flags: DoctorFlags): Promise<Check[]> {
  const dataDir = dataDirOf(context, flags.dataDir);
  const { DATABASE_URL: database, SIMCITY_TARGET_URL: target } = context.env as Record<
    string,
    string | undefined
  >;
  const [server, control, city] = await Promise.all([
    checkServer(context, flags),
    checkDatabase('database', 'DATABASE_URL', database),
    checkDatabase('database for cities', 'SIMCITY_TARGET_URL', target),
  ]);
  const embedded = checkEmbedded(!database);
  const directory = checkDataDir(dataDir);
  const isUsable = [...control, embedded, directory].every(({ state }) => state !== 'fail');
  return [
    ...server,
    ...control,
    ...city,
    embedded,
    directory,
    ...(isUsable ? await checkMigrations(context, dataDir) : []),
    ...checkNote(dataDir),
    checkDisk(dataDir),
    ...checkCompiler(context),
    checkTerminal(context),
  ];
}

const COLUMNS: Column<ResolvedSetting>[] = [
  { title: 'SETTING', value: ({ setting }) => setting.name },
  { title: 'VALUE', value: ({ value }) => safeText(value) },
  { title: 'FROM', value: ({ from }) => from },
];

function text(settings: ResolvedSetting[], checks: Check[], style: Style): string {
  const marks = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('FAIL') };
  const lines = checks.flatMap(({ name, state, found, advice }) => [
    `${marks[state]}  ${style.bold(name)}: ${found}`,
    ...(advice === '' ? [] : [`      ${advice}`]),
  ]);
  const failed = checks.filter(({ state }) => state === 'fail').length;
  const end =
    failed === 0
      ? style.green('Nothing is in the way.')
      : style.red(`${failed} ${failed === 1 ? 'thing is' : 'things are'} in the way.`);
  return `${[...tableLines(COLUMNS, settings), '', ...lines, '', end].join('\n')}\n`;
}
