/** `simcity campaign`: many seeds at full speed; each distinct failure is then recorded and made small. */
import { randomUUID } from 'node:crypto';
import {
  ENGINE_GENERATION,
  isServiceTarget,
  joined,
  runConfigSchema,
  type SeedRange,
} from '../../server/contract/index.ts';
import { type CampaignFiles, type Checkpoint, campaignFiles } from '../campaign/checkpoint.ts';
import { conduct } from '../campaign/conduct.ts';
import { type CampaignReporter, lineReporter } from '../campaign/reporter.ts';
import { startReporting } from '../campaign/reporting.ts';
import { dataDirOf, prepareDataDir } from '../hosting/data-dir.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { refuseOtherCampaign } from '../hosting/generation.ts';
import { modulesOf } from '../hosting/modules.ts';
import { campaignJson, campaignText } from '../output/campaign.ts';
import { styleFor } from '../output/style.ts';
import { type Context, canDraw, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { VERSION } from '../process/version.ts';
import type { ShardFlag } from '../program/flags.ts';
import { safeJson } from '../run/sanitize.ts';
import { launchOfFlags, type RunFlags } from './launch.ts';

/** `record` false: `--no-record`, which shares its name, is about the failures that it found. */
interface CampaignFlags extends Omit<RunFlags, 'record'> {
  seeds?: [number, number][];
  parallel?: number;
  name?: string;
  resume?: string | true;
  shard?: ShardFlag;
  launcher?: 'kubernetes';
  shards?: number;
  for?: number;
  exitZero?: true;
  record?: RunFlags['record'] | false;
}

const DEFAULT_SEEDS: SeedRange[] = [[1, 1_000]];

/** Exit code 0: no seed failed; 1: some did; 130: interrupted, to be resumed. */
export async function campaign(context: Context, named: string, flags: CampaignFlags): Promise<number> {
  const scenario = flags.scenario ?? named;
  const { shard } = flags;
  if (shard !== undefined)
    return (await import('./campaign-shard.ts')).campaignShard(context, {
      ...{ ...flags, shard, scenario },
    });
  if (flags.launcher !== undefined)
    return (await import('./campaign-cluster.ts')).campaignOnCluster(context, { ...flags, scenario });
  const dataDir = dataDirOf(context, flags.dataDir);
  const files = campaignFiles(dataDir);
  const asked =
    flags.resume === undefined
      ? await begun(context, files, { ...flags, scenario: flags.scenario ?? named })
      : resumed(files, flags);
  prepareDataDir(dataDir);
  const lock = await files.lock(asked.name);
  try {
    // Whoever had the lock before may have gone on with it since.
    const checkpoint = flags.resume === undefined ? asked : resumed(files, { ...flags, resume: asked.name });
    return await conducted(context, files, checkpoint, flags);
  } finally {
    await lock.release();
  }
}

async function conducted(
  context: Context,
  files: CampaignFiles,
  found: Checkpoint,
  flags: CampaignFlags,
): Promise<number> {
  const checkpoint = { ...found, holder: randomUUID() };
  files.save(checkpoint);
  const reporting = await startReporting(context, flags, checkpoint, found.holder);
  const stopping = createStopping(context);
  const work = async (reporter: CampaignReporter) => {
    let undo = () => {};
    try {
      const end = await conduct(context, {
        ...{ checkpoint, save: () => files.save(checkpoint), stopping },
        reporter: reporting.through(reporter),
        flags: { ...flags, record: flags.record !== false },
      });
      checkpoint.finished = end.finished;
      if (end.finished) undo = heedSecond(context);
      return end;
    } finally {
      files.save(checkpoint);
      await reporting.end();
      undo();
    }
  };
  const { finished, close } = isOnScreen(context, flags)
    ? await (await import('../tui/campaign/control.ts')).campaignControl(
        context,
        checkpoint,
        work,
        stopping.stop,
      )
    : await work(lineReporter(context));
  const undo = finished ? heedSecond(context) : () => {};
  await close();
  const style = styleFor(wantsColor(context, 'stdout'));
  const text = flags.json ? safeJson(campaignJson(checkpoint, finished), 2) : campaignText(checkpoint, style);
  await context.out(`${text}\n`);
  undo();
  if (!finished) context.err(`simcity: go on with: simcity campaign --resume ${checkpoint.name}\n`);
  if (!finished) return EXIT.interrupted;
  return checkpoint.found.length === 0 ? EXIT.pass : EXIT.fail;
}

/** It is over, and is told so also to who stops it now; only who does that again leaves at once. */
function heedSecond(context: Context): () => void {
  let isTold = false;
  return context.onSignal(() => {
    if (isTold) context.leave(EXIT.interrupted);
    isTold = true;
  });
}

function isOnScreen(context: Context, flags: CampaignFlags): boolean {
  return canDraw(context) && !flags.json && !flags.log;
}

async function begun(
  context: Context,
  files: CampaignFiles,
  flags: CampaignFlags & { scenario: string },
): Promise<Checkpoint> {
  const { record, ...ofRuns } = flags;
  const kept = record === false || record === undefined ? {} : { record };
  const launch = await launchOfFlags({ ...ofRuns, ...kept, target: flags.target ?? 'memory' });
  const gate = gateOrderOf(context, flags);
  refuseWithoutGate(flags);
  const name = flags.name ?? freshName(files);
  if (files.exists(name)) {
    throw usageError(
      `there is a campaign '${name}' already.`,
      `Go on with it by \`simcity campaign --resume ${name}\`, or give another --name.`,
    );
  }
  return {
    version: 1,
    name,
    id: randomUUID(),
    generation: ENGINE_GENERATION,
    simcity: VERSION,
    scenario: launch.scenario ?? flags.scenario,
    target: launch.target ?? 'memory',
    modules: (await modulesOf(context, launch, flags)) ?? undefined,
    exec: flags.exec ?? null,
    gate,
    // A pace is for watching, and nobody watches.
    config: { ...runConfigSchema.parse(launch.config), rate: null },
    seeds: joined(flags.seeds ?? DEFAULT_SEEDS),
    through: [],
    operations: 0,
    seconds: 0,
    proved: 0,
    identical: 0,
    found: [],
    course: [],
    holder: null,
    finished: false,
  };
}

/** Seeds decide a run against a service only behind a gate. */
function refuseWithoutGate({ target = '', exec, adapter, gate }: CampaignFlags): void {
  if (gate !== undefined) return;
  if (!isServiceTarget(target) && exec === undefined && adapter === undefined) return;
  throw usageError(
    'a campaign executes seeds, and without --gate the world decides what comes first in a service at a URL.',
    "Such as: simcity campaign --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
  );
}

function resumed(files: CampaignFiles, flags: CampaignFlags): Checkpoint {
  const name = typeof flags.resume === 'string' ? flags.resume : (flags.name ?? files.newest());
  if (name === null)
    throw usageError('there is no campaign to go on with.', 'Start one: `simcity campaign`.');
  const checkpoint = files.load(name);
  refuseOtherCampaign(checkpoint);
  // More seeds may be asked for on the way; the settings stay as they were.
  return { ...checkpoint, finished: false, seeds: joined([...checkpoint.seeds, ...(flags.seeds ?? [])]) };
}

function freshName(files: CampaignFiles): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  for (let i = 1; ; i++) {
    const name = i === 1 ? `c-${stamp}` : `c-${stamp}-${i}`;
    if (!files.exists(name)) return name;
  }
}
