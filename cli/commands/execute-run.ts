/** Launches a run, hosts what is missing for it, shows it to its end, and writes the reports. */

import {
  isModuleFile,
  isServiceTarget,
  type Launch,
  SCENARIOS,
  splitCredentials,
} from '../../server/contract/index.ts';
import { cityDatabase } from '../hosting/city-database.ts';
import { type Connected, connectToRunning, hostWhatIsMissing } from '../hosting/connect.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { launchHere, modulesOf, type OwnCode, runnerDatabase } from '../hosting/modules.ts';
import { surveyed } from '../hosting/survey.ts';
import { startPulse } from '../output/pulse.ts';
import { settingsText } from '../output/settings.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { safeJson } from '../run/sanitize.ts';
import { withAskedTasks } from '../tasks/asked.ts';
import { withExplanation } from '../tasks/automatic.ts';
import { follow } from './follow.ts';
import type { RunFlags } from './launch.ts';
import type { Presentation } from './presentation.ts';
import { withReports } from './report.ts';

export async function execute(
  context: Context,
  launch: Launch,
  flags: RunFlags,
  presentation: Presentation,
): Promise<number> {
  refuseWithoutUrl(flags);
  refuseWithoutAdapter(launch, flags);
  const gate = gateOrderOf(context, flags);
  const modules = await modulesOf(context, launch, flags);
  const silent = presentation.quiet;
  const { progress, connected: stopPulse } = startProgress(context, silent);
  const connected = await hostWhatIsMissing(context, flags, progress).finally(stopPulse);
  const credentials = credentialsOf(flags);
  const code = { modules, exec: flags.exec, gate, credentials };
  const settled =
    gate === null ? launch : await surveyedHere(context, connected, launch, flags, code, progress);
  const own =
    modules || flags.exec !== undefined || credentials !== undefined
      ? await launchHere(context, connected, flags, settled, code, progress)
      : null;
  const { hosted } = connected;
  // Whoever else executes runs in this directory may leave it before this one has ended.
  const runner = hosted?.runnerName() ?? undefined;
  const launched = own?.run ?? (await connected.api.launch({ ...settled, runner }));
  if ((presentation.as === 'screen' || presentation.as === 'json') && !silent)
    context.err(settingsText(launched));
  const isScreen = presentation.as === 'screen';
  if (!own) await hosted?.startRunner({ run: launched.id, alone: !isScreen });
  const request = { api: connected.api, run: launched, presentation, owns: true };
  const explained = { ...request, connected, flags };
  const show = () =>
    follow(context, {
      ...request,
      hosted: own !== null || hosted?.executes === true,
      onLaunched: () => hosted?.startRunner(null),
      runner: () => hosted?.runnerName() ?? null,
      exitOnEnd: presentation.exitOnEnd,
    });
  const exitCode = await withReports(context, request, () =>
    withExplanation(context, explained, () =>
      isScreen && hosted ? withAskedTasks(context, { connected, flags }, show) : show(),
    ),
  );
  await own?.close();
  await hosted?.close();
  return exitCode;
}

/** The launch with what a survey of the service behind the gate found out. */
async function surveyedHere(
  context: Context,
  connected: Connected,
  launch: Launch,
  { exec, target, seed, ...flags }: RunFlags,
  { gate, modules }: OwnCode,
  say: (message: string) => void,
): Promise<Launch> {
  if (gate === null || exec === undefined || target === undefined || seed === undefined)
    throw new Error('A gate has a service.');
  runnerDatabase(context, connected, flags);
  const database = await cityDatabase(context, flags, { target, isGated: true }, connected);
  try {
    const { url: targetUrl } = database;
    return await surveyed(context, { launch, target, seed, gate, exec, modules, targetUrl, say });
  } finally {
    await database.close();
  }
}

/** The URLs of the service that have a user and a password, as SIMCITY_TARGET_CREDENTIALS takes them. */
function credentialsOf({ target, targets }: RunFlags): string | undefined {
  const all = (targets ?? [target ?? '']).flatMap((url) => splitCredentials(url).credentials ?? []);
  return all.length === 0 ? undefined : all.map((url) => url.replaceAll(',', '%2C')).join(',');
}

/** A command and an adapter are for the service that a URL names; other targets have no use for them. */
function refuseWithoutUrl({ exec, adapter, target, instances = 1 }: RunFlags): void {
  if (instances > 1 && exec === undefined) {
    throw usageError(
      '--instances says how many processes --exec starts, and there is none.',
      "Such as: simcity run --target http://127.0.0.1:8080 --exec 'node my-service.js' --instances 3",
    );
  }
  if (isServiceTarget(target ?? '')) return;
  if (adapter !== undefined) {
    throw usageError(
      '--adapter maps the calls to the API of the service that --target names by its URL, and there is none.',
      'Such as: simcity run --target http://127.0.0.1:8080 --adapter ./my-adapter.ts',
    );
  }
  if (exec === undefined) return;
  throw usageError(
    '--exec starts the service that --target names by its URL, and there is none.',
    "Such as: simcity run --target http://127.0.0.1:8080 --exec 'node my-service.js --port 8080'",
  );
}

function refuseWithoutAdapter({ scenario, target }: Launch, { adapter }: RunFlags): void {
  if (adapter !== undefined || !isServiceTarget(target ?? '')) return;
  const builtIn = SCENARIOS.find(({ name, needsAdapter }) => needsAdapter && name === scenario);
  if (builtIn === undefined) return;
  throw usageError(
    `the scenario ${builtIn.name} does not say how its calls go over HTTP, which a target that is a URL needs.`,
    'Give an adapter with --adapter FILE, or use the target postgres or memory.',
  );
}

/** Says what is started; and that it still is, when that takes long. */
function startProgress(context: Context, silent: boolean) {
  const style = styleFor(wantsColor(context, 'stderr'));
  const say = (message: string) => {
    if (!silent) context.err(`${style.dim(`simcity: ${message}`)}\n`);
  };
  let last = 'looking for a server';
  const pulse = startPulse((silentMs) => say(`still ${last} (${Math.round(silentMs / 1000)} s)`));
  return {
    progress: (message: string) => {
      last = message;
      pulse.touch();
      say(message);
    },
    connected: () => pulse.stop(),
  };
}

export async function detach(context: Context, launch: Launch, flags: RunFlags): Promise<number> {
  refuseWithoutUrl(flags);
  gateOrderOf(context, flags);
  const isOwn = flags.exec !== undefined || flags.adapter !== undefined;
  if (isOwn || isModuleFile(flags.scenario ?? '') || isModuleFile(flags.target ?? '')) {
    throw usageError(
      '--detach leaves the run to a runner elsewhere, and a file or command of yours is executed only here.',
      'Leave --detach away, or start `simcity up` and run it without --detach in another terminal.',
    );
  }
  if (credentialsOf(flags) !== undefined) {
    throw usageError(
      'the user and password in the URL of a target stay on this machine, and --detach leaves the run to a runner elsewhere.',
      'Leave them out, and give them to that runner as SIMCITY_TARGET_CREDENTIALS.',
    );
  }
  // What is hosted here would end with this command, so a server that stays is needed.
  const how = { command: 'simcity run --detach', progress: () => {} };
  const { api, hosted } = await connectToRunning(context, flags, how);
  const launched = await api.launch(launch);
  await hosted?.close();
  await context.out(flags.json ? `${safeJson(launched)}\n` : `${launched.id}\n`);
  if (flags.reporter !== undefined && !flags.quiet) {
    context.err(`simcity: nothing is reported yet; later: simcity report ${launched.id}\n`);
  }
  return EXIT.pass;
}
