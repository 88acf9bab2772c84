/** Campaigns in the database: started, stopped, resumed, imported, listed, shown. SQL in, contract types out. */
import type { z } from 'zod';
import {
  type Campaign,
  type CampaignSample,
  type CampaignSummary,
  type campaignImportSchema,
  type campaignResumeSchema,
  type campaignStartSchema,
  type Finding,
  formatSignature,
  type JsonObject,
  MOST_FINDINGS,
  runConfigSchema,
  type SeedRange,
} from '../contract/index.ts';
import type { Sql } from './client.ts';
import { replicated } from './replicated.ts';
import { signedFailures } from './shards.ts';
import { shardsToSee } from './shards-shown.ts';

/** False: the name is another campaign's. */
export async function startCampaign(sql: Sql, start: z.output<typeof campaignStartSchema>): Promise<boolean> {
  const { budgetSeconds, untilNew, ...rest } = start;
  const row = JSON.stringify({ ...rest, budget_seconds: budgetSeconds, until_new: untilNew });
  const [answer] = await replicated(
    () => sql<{ started: boolean }[]>`select simcity_start_campaign(${row}::text::jsonb) as started`,
  );
  return answer?.started === true;
}

/** Whether there was something to stop; null: there is none of this name. */
export async function stopCampaign(sql: Sql, name: string): Promise<boolean | null> {
  const [answer] = await replicated(
    () => sql<{ stopped: boolean | null }[]>`select simcity_stop_campaign(${name}) as stopped`,
  );
  return answer?.stopped ?? null;
}

/** Why a campaign does not go on: it is not there, does so already, or was executed without a server. */
export type ResumeRefusal = 'unknown' | 'running' | 'elsewhere';

/** Null: it goes on. */
export async function resumeCampaign(
  sql: Sql,
  name: string,
  { seeds, budgetSeconds, untilNew }: z.output<typeof campaignResumeSchema>,
): Promise<ResumeRefusal | null> {
  const [answer] = await replicated(
    () => sql<{ refused: ResumeRefusal | null }[]>`
      select simcity_resume_campaign(${name}, ${JSON.stringify(seeds)}::text::jsonb, ${budgetSeconds},
        ${untilNew}) as refused`,
  );
  return answer?.refused ?? null;
}

/** False: the name is another campaign's. */
export async function importCampaign(
  sql: Sql,
  name: string,
  { tally, records, budgetSeconds, untilNew, at, ...rest }: z.output<typeof campaignImportSchema>,
): Promise<boolean> {
  const row = { ...rest, name, budget_seconds: budgetSeconds, until_new: untilNew, updated_at: at };
  const signed = records.map((record, i) => {
    const of = tally.failures[i];
    return { ...record, signatureText: of === undefined ? null : formatSignature(of.signature) };
  });
  const [answer] = await replicated(
    () => sql<{ imported: boolean }[]>`
      select simcity_import_campaign(${JSON.stringify(row)}::text::jsonb, ${signedFailures(tally)}::text::jsonb,
        ${JSON.stringify(signed)}::text::jsonb, ${MOST_FINDINGS}) as imported`,
  );
  return answer?.imported === true;
}

type SummaryRow = Omit<CampaignSummary, 'config' | 'createdAt' | 'updatedAt'> & {
  config: JsonObject;
  createdAt: Date;
  updatedAt: Date;
};

const columns = (sql: Sql) => sql`
  c.name, c.state, c.ended_by as "endedBy", c.scenario, c.target, c.config, c.generation, c.version, c.build, c.code,
  c.label, c.budget_seconds as "budgetSeconds", c.until_new as "untilNew", c.seeds_total as "seedsTotal",
  c.seeds_through + l.through as "seedsThrough", c.operations + l.operations as operations,
  simcity_campaign_seconds(c) as seconds, l.lost as "shardsLost", l.runners, c.created_at as "createdAt",
  greatest(c.updated_at, l.seen_at) as "updatedAt", c.seeds_failing as "seedsFailing", c.failures`;

/** What is left of its shards. */
const counts = (sql: Sql) => sql`
  cross join lateral (
    select coalesce(sum(s.seeds_through) filter (where s.state = 'running'), 0)::bigint as through,
      coalesce(sum(s.operations) filter (where s.state = 'running'), 0)::bigint as operations,
      count(*) filter (where s.state = 'running') as running, count(*) filter (where s.state = 'open') as open,
      count(*) filter (where s.state = 'lost') as lost, max(s.seen_at) filter (where s.state = 'running') as seen_at,
      count(distinct s.runner) filter (where s.state = 'running') as runners
    from simcity_campaign_shards s where s.campaign = c.name and s.state <> 'done') l`;

/** The newest first, `limit` at most; `before`: only older ones than that of this name. */
export async function listCampaigns(
  sql: Sql,
  { before, limit }: { before: string | null; limit: number },
): Promise<CampaignSummary[]> {
  const older = sql`
    where (c.created_at, c.name) < (select o.created_at, o.name from simcity_campaigns o where o.name = ${before})`;
  const rows = await sql<SummaryRow[]>`
    select ${columns(sql)} from simcity_campaigns c ${counts(sql)}
    ${before === null ? sql`` : older}
    order by c.created_at desc, c.name desc limit ${limit}`;
  return rows.map(toSummary);
}

type CampaignRow = SummaryRow & {
  id: string;
  seeds: SeedRange[];
  known: string[];
  course: CampaignSample[];
  proved: number;
  identical: number;
  reached: Record<string, number>;
  shards: Campaign['shards'];
};

/** Null: there is none of this name. */
export async function findCampaign(sql: Sql, name: string): Promise<Campaign | null> {
  const [row] = await sql<CampaignRow[]>`
    select ${columns(sql)}, c.id, simcity_seeds_json(c.seeds) as seeds, c.known, c.course, c.proved, c.identical, c.reached,
      jsonb_build_object('open', l.open, 'running', l.running, 'lost', l.lost,
        'done', c.shards - l.open - l.running - l.lost) as shards
    from simcity_campaigns c ${counts(sql)} where c.name = ${name}`;
  if (row === undefined) return null;
  const [findings, shown] = await Promise.all([findingsOf(sql, name), shardsToSee(sql, name)]);
  const { id, seeds, known, course, proved, identical, reached, shards } = row;
  return {
    ...toSummary(row),
    ...{ id, seeds, known, course, proved, identical, reached, shards, shardsToSee: shown, findings },
  };
}

interface FindingRow extends Omit<Finding, 'run'> {
  runId: string | null;
  runNumber: number | null;
}

async function findingsOf(sql: Sql, name: string): Promise<Finding[]> {
  const rows = await sql<FindingRow[]>`
    select f.signature, f.message, f.seeds, f.first_seed as "firstSeed", f.seed, f.operations,
      to_jsonb(f.operations_until) as "operationsUntil", f.smallest, f.why, f.reproduce,
      r.id as "runId", r.number as "runNumber"
    from simcity_campaign_findings f left join simcity_runs r on r.id = f.run_id
    where f.campaign = ${name} order by f.seeds desc, f.signature_text`;
  return rows.map(({ runId: id, runNumber: number, ...rest }) => ({
    ...rest,
    run: id === null || number === null ? null : { id, number },
  }));
}

function toSummary(row: SummaryRow): CampaignSummary {
  const { name, state, endedBy, scenario, target, generation, version, build, code, label } = row;
  const { budgetSeconds, untilNew, seedsTotal, seedsThrough, seedsFailing, failures, operations } = row;
  const { seconds, shardsLost, runners, createdAt, updatedAt } = row;
  return {
    ...{ name, state, endedBy, scenario, target, generation, version, build, code, label },
    ...{ budgetSeconds, untilNew, seedsTotal, seedsThrough, seedsFailing, failures, operations },
    ...{ seconds, shardsLost, runners },
    config: runConfigSchema.parse(row.config),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
