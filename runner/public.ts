/**
 * What authors of services and scenarios write against: types alone, so that a file that uses them needs
 * nothing of SimCity's when it runs. `import type { Scenario, SqlService } from 'simcity/scenario'`.
 */
export type { JsonObject, RunConfig } from '../server/contract/index.ts';
export type { Effect, Repeats, SequentialModel } from './checkers/model.ts';
export type { BookingCall, BookingWorld } from './scenarios/bookings/calls.ts';
export type {
  Call,
  Chart,
  ModelPart,
  Operation,
  Play,
  Reply,
  Scenario,
  Violation,
} from './scenarios/scenario.ts';
export type { Prng } from './sim/prng.ts';
export type { HttpAdapter, HttpAnswer, HttpReply, HttpRequest } from './targets/http/adapter.ts';
export type { MemoryRoutine, MemoryService } from './targets/memory.ts';
export type { ServiceClock, SqlClient, SqlService, SqlValue } from './targets/postgres/sql-client.ts';
