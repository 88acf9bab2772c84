/**
 * What is said of the gate on the PostgreSQL wire: the order of whoever types the command, what a survey of the
 * service found, and how often a seed was executed again alike.
 */
import { z } from 'zod';
import { GATE_WAYS, namesOf, SETTLINGS } from './names.ts';
import { declaredRulesSchema } from './rules.ts';

/** A clock of ours for a service behind the gate and its PostgreSQL. */
export const gateClockSchema = z.object({
  /** Where the library is kept that is loaded before both, an absolute path. */
  folder: z.string(),
  /** Timers of Node run by it, too. */
  timers: z.boolean(),
});
export type GateClock = z.infer<typeof gateClockSchema>;

/**
 * The database of a gated run, as it is typed: it names files, commands and a password of this machine, so it is
 * never stored with the run. It is remembered here, and told to processes of this machine alone.
 */
export const gateOrderSchema = z.object({
  /** The template database, which is never written to; null: one of ours on the run's database. */
  url: z.string().nullable(),
  /** A file of SQL that is run once against the template of ours, as an absolute path. */
  schema: z.string().nullable(),
  /** A command that is run once against the template of ours. */
  prepare: z.string().nullable(),
  /** A template above 1 GiB is meant. */
  large: z.boolean(),
  /** Left out: the time is the machine's. */
  clock: gateClockSchema.optional(),
});
export type GateOrder = z.infer<typeof gateOrderSchema>;

/** What a survey of the service under test found out, before its run is launched. */
export const surveySchema = z.object({
  /** How the service begins each execution afresh. */
  service: z.enum(namesOf(GATE_WAYS)),
  /** How it is known that the service has settled. */
  settle: z.enum(namesOf(SETTLINGS)),
  /** Connections of the service's pool. */
  pool: z.int().min(1),
  /** The rules that it learned, and those that were declared. */
  rules: declaredRulesSchema,
  /** Why each learned rule is believed, by its name. */
  learned: z.record(z.string(), z.string()),
  template: z.object({ bytes: z.number(), how: z.string() }),
  /** Of one clone of the template, in ms. */
  cloneMs: z.number(),
  /** Of one execution's beginning by each way, in ms; null: that way does not serve this service. */
  restartMs: z.number().nullable(),
  keepMs: z.number().nullable(),
  /** Executions of a short trial, and how many of them were alike. */
  identical: z.object({ executions: z.int(), same: z.int() }),
  /** Statements that nobody asked for, in short. */
  background: z.array(z.string()),
  /** How many of them write. */
  backgroundWrites: z.int(),
  /** Whatever else is worth a line, a weaker guarantee above all. */
  notes: z.array(z.string()),
});
export type Survey = z.infer<typeof surveySchema>;

/** Where two executions of one seed part. */
const partingSchema = z.object({
  /** The first line of the trace that differs, from 1. */
  line: z.int(),
  first: z.string(),
  other: z.string(),
  /** What kind of difference it is: `pool order`, `driver's timer`, … */
  class: z.string(),
  /** What to do about it, a sentence. */
  advice: z.string(),
});

/** How often a seed was executed again, and how often that was the same. */
export const proofSchema = z.object({
  executions: z.int(),
  identical: z.int(),
  /** The first digits of the hash of the run's trace. */
  trace: z.string(),
  /** Null: there is none. */
  parting: partingSchema.nullable(),
  /** What was renamed one to one before the traces were compared. */
  renamed: z.object({ uuids: z.int(), timestamps: z.int() }),
});
export type Proof = z.infer<typeof proofSchema>;
