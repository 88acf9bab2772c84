/** Campaigns in the database: reported by their conductors, listed, shown. SQL in, contract types out. */
import type { z } from 'zod';
import {
  type Campaign,
  type CampaignSample,
  type CampaignState,
  type CampaignSummary,
  type campaignReportSchema,
  type Finding,
  formatSignature,
  type JsonObject,
  runConfigSchema,
  type SeedRange,
  sizeOf,
} from '../contract/index.ts';
import type { Sql } from './client.ts';

/** Why a report is refused: another conducts it, or the name is that of another campaign. */
export type ReportRefusal = 'held' | 'other';

type Report = z.output<typeof campaignReportSchema>;

/** Null: it is stored, and held for `seconds` unless it is over. */
export async function reportCampaign(
  sql: Sql,
  name: string,
  report: Report,
  seconds: number,
): Promise<ReportRefusal | null> {
  const { begins, after, at, findings, seeds, seedsThrough, ...rest } = report;
  const row = {
    ...rest,
    seeds,
    seeds_total: sizeOf(seeds),
    seeds_through: seedsThrough,
    seeds_failing: findings.reduce((sum, each) => sum + each.seeds, 0),
  };
  const rows = findings.map(({ signature, firstSeed, run, ...finding }) => ({
    ...finding,
    ...{ signature, signature_text: formatSignature(signature), first_seed: firstSeed, run_id: run },
  }));
  const [answer] = await sql<{ refused: ReportRefusal | null }[]>`
    select simcity_report_campaign(${name}, ${begins}, ${after}, ${JSON.stringify(row)}::text::jsonb,
      ${JSON.stringify(rows)}::text::jsonb, ${at}::text::timestamptz, ${seconds}) as refused`;
  return answer?.refused ?? null;
}

interface SummaryRow {
  name: string;
  state: CampaignState;
  scenario: string;
  target: string;
  config: JsonObject;
  generation: number | null;
  version: string | null;
  seeds_total: number;
  seeds_through: number;
  seeds_failing: number;
  failures: number;
  operations: number;
  seconds: number;
  created_at: Date;
  updated_at: Date;
}

const columns = (sql: Sql) => sql`
  c.name, case when c.lease_until <= clock_timestamp() then 'lost' else c.state end as state, c.scenario, c.target,
  c.config, c.generation, c.version, c.seeds_total, c.seeds_through, c.seeds_failing, c.operations, c.seconds,
  c.created_at, c.updated_at,
  (select count(*) from simcity_campaign_findings f where f.campaign = c.name) as failures`;

/** The newest first, `limit` at most; `before`: only older ones than that of this name. */
export async function listCampaigns(
  sql: Sql,
  { before, limit }: { before: string | null; limit: number },
): Promise<CampaignSummary[]> {
  const older = sql`
    where (c.created_at, c.name) < (select o.created_at, o.name from simcity_campaigns o where o.name = ${before})`;
  const rows = await sql<SummaryRow[]>`
    select ${columns(sql)} from simcity_campaigns c
    ${before === null ? sql`` : older}
    order by c.created_at desc, c.name desc limit ${limit}`;
  return rows.map(toSummary);
}

/** Null: there is none of this name. */
export async function findCampaign(sql: Sql, name: string): Promise<Campaign | null> {
  const [row] = await sql<(SummaryRow & { seeds: SeedRange[]; course: CampaignSample[] })[]>`
    select ${columns(sql)}, c.seeds, c.course from simcity_campaigns c where c.name = ${name}`;
  if (row === undefined) return null;
  const findings = await sql<FindingRow[]>`
    select f.signature, f.message, f.seeds, f.first_seed, f.seed, f.operations, f.smallest, f.why, f.reproduce,
      r.id as run_id, r.number as run_number
    from simcity_campaign_findings f left join simcity_runs r on r.id = f.run_id
    where f.campaign = ${name} order by f.seeds desc, f.signature_text`;
  const { seeds, course } = row;
  return { ...toSummary(row), seeds, course, findings: findings.map(toFinding) };
}

interface FindingRow extends Omit<Finding, 'firstSeed' | 'run'> {
  first_seed: number;
  run_id: string | null;
  run_number: number | null;
}

function toFinding({ first_seed, run_id, run_number, ...rest }: FindingRow): Finding {
  const run = run_id === null || run_number === null ? null : { id: run_id, number: run_number };
  return { ...rest, firstSeed: first_seed, run };
}

function toSummary(row: SummaryRow): CampaignSummary {
  const { name, state, scenario, target, generation, version, failures, operations, seconds } = row;
  return {
    ...{ name, state, scenario, target, generation, version, failures, operations, seconds },
    config: runConfigSchema.parse(row.config),
    seedsTotal: row.seeds_total,
    seedsThrough: row.seeds_through,
    seedsFailing: row.seeds_failing,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
