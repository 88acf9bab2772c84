/**
 * What authors of services and scenarios write against: types alone, so that a file that uses them needs
 * nothing of SimCity's when it runs. `import type { Scenario, SqlService } from 'simcity/scenario'`.
 */
export type { DeclaredRules, JsonObject, RunConfig, ServiceRules } from '../server/contract/index.ts';
export type { Effect, OpenCall, Repeats, SequentialModel, When } from './checkers/model.ts';
export type { BookingCall, BookingWorld } from './scenarios/bookings/calls.ts';
export type { Chart, ModelPart, Operation, Scenario, Violation, Workload } from './scenarios/scenario.ts';
export type { AskedStayCall } from './scenarios/stays/asked.ts';
export type { House, StayCall } from './scenarios/stays/calls.ts';
export type { TicketCall, Venue } from './scenarios/tickets/calls.ts';
export type { Call, Reply } from './service/call.ts';
export type { MemoryRoutine, MemoryService } from './service/memory-service.ts';
export type { ServiceClock, SqlClient, SqlService, SqlValue } from './service/sql-service.ts';
export type { Prng } from './sim/prng.ts';
export type {
  AdapterCall,
  HttpAdapter,
  HttpAnswer,
  HttpReply,
  HttpRequest,
  Send,
  Unanswered,
} from './targets/http/adapter.ts';
