/** The services of the gate's suite: how each is started, what it needs of the machine, and how it stands at the gate. */
import { fileURLToPath } from 'node:url';
import type { WirePlan } from '../../../runner/targets/pgwire/target.ts';

export const SERVICES_FOLDER = fileURLToPath(new URL('../services/', import.meta.url));
const ADAPTERS_FOLDER = fileURLToPath(new URL('../adapters/', import.meta.url));

/** What is wrong with every service when `BUG` says so; null: nothing is. */
export const BUGS = ['check-then-insert', 'lost-update', 'single-statement'] as const;
export type Bug = (typeof BUGS)[number];

export type Need = 'npm' | 'python' | 'go';

export interface GateService {
  readonly name: string;
  /** For people: the framework, and the driver below it. */
  readonly what: string;
  /** The words that start it, without its environment. */
  readonly words: readonly string[];
  readonly needs: Need;
  /** Modules of Python that it imports. */
  readonly modules?: readonly string[];
  /** For an API that is not the contract's. */
  readonly adapter?: string;
  /** What a survey of it finds. */
  readonly plan: WirePlan;
}

const node = (file: string) => [process.execPath, `${SERVICES_FOLDER}${file}`];
/** Debian's own: what stands before it on PATH has none of its modules. */
const python = (file: string) => ['/usr/bin/python3', `${SERVICES_FOLDER}${file}`];
const MADE_SLOTS = `${ADAPTERS_FOLDER}made-slots.ts`;

export const GATE_SERVICES: readonly GateService[] = [
  {
    ...{ name: 'express-pg', what: 'Express + pg', needs: 'npm' },
    words: node('express-pg.js'),
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'nest-typeorm', what: 'Nest + TypeORM (pg)', needs: 'npm' },
    words: node('nest/dist/main.js'),
    adapter: MADE_SLOTS,
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'drizzle', what: 'Drizzle + postgres.js', needs: 'npm' },
    words: node('drizzle.js'),
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'knex', what: 'Knex (pg), serializable', needs: 'npm' },
    words: node('knex.js'),
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'flask-sqlalchemy', what: 'Flask + SQLAlchemy (psycopg2)', needs: 'python' },
    words: python('flask_sqlalchemy.py'),
    modules: ['flask', 'sqlalchemy', 'psycopg2'],
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'threads-psycopg3', what: 'Python threads + psycopg3', needs: 'python' },
    words: python('threads_psycopg3.py'),
    modules: ['psycopg'],
    plan: { service: 'restart', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'go-lib-pq', what: 'Go database/sql + lib/pq', needs: 'go' },
    words: [`${SERVICES_FOLDER}dist/go-lib-pq`],
    adapter: MADE_SLOTS,
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
  {
    ...{ name: 'forking-psycopg2', what: 'Python, a process a request (psycopg2)', needs: 'python' },
    words: python('forking_psycopg2.py'),
    modules: ['psycopg2'],
    plan: { service: 'keep', settle: 'sleep', pool: 10 },
  },
];
