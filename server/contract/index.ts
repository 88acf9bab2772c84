/** The wire contract: schemas and types of every request, answer and stream frame. A leaf: it imports only zod. */
export * from './access.ts';
export * from './environment.ts';
export * from './error.ts';
export * from './forensic.ts';
export * from './frame.ts';
export * from './lab.ts';
export * from './module.ts';
export * from './paths.ts';
export * from './process.ts';
export * from './prune.ts';
export * from './redact.ts';
export * from './reduction.ts';
export * from './reproduce.ts';
export * from './run.ts';
export * from './run-values.ts';
export * from './smallest.ts';
export * from './telemetry.ts';
