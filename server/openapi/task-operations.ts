/** The calls of each kind of task, with an example of what comes of it in each of its states. */
import {
  API_BASE,
  type Bisected,
  type Commit,
  type Shrunk,
  TASK_KINDS,
  type Task,
  type TaskKind,
  type TaskProgress,
  taskEndSchemas,
  taskLeasedSchema,
  taskLeaseSchema,
  taskRequestSchema,
  taskSchemas,
  type Verified,
  type Why,
  waitingTasksSchema,
} from '../contract/index.ts';
import { waitingTasksQuery } from '../routes/parameters.ts';
import type { Operation } from './operation.ts';

/** Of a service without a gate, as the shortest that there is. */
const WHY: Why = {
  version: 1,
  source: 'requests',
  kind: 'unknown',
  name: null,
  sentence: 'slot-002 has 3 acknowledged bookings that nobody cancelled, but only 2 seats.',
  conclusion: ['A and B were under way at once, for 3.2 ms.'],
  lanes: [
    {
      ...{ name: 'A', actor: 'citizen-004', operation: 'book', words: 'citizen-004 slot-002 k-48' },
      ...{ request: 'op 48', op: 48, role: 'accused', outcome: 'ok' },
    },
  ],
  steps: [
    {
      ...{ step: 1, lane: 0, kind: 'leave', text: 'POST /slots/slot-002/bookings', values: '', answer: '' },
      ...{ tag: null, count: null, error: null, connection: null, isolation: null, waitedFor: [] },
      ...{ waitedSince: null, takenBack: 0, mark: '', matters: true, event: 61 },
    },
  ],
  pair: null,
  cures: [],
  reduction: '',
  notAsAsked: 0,
  executions: 0,
  seconds: 0.01,
};

const SHRUNK: Shrunk = { operations: 4, operationsBefore: 120, minimal: true, executions: 212, seconds: 1.9 };

const VERIFIED: Verified = {
  ...{ identical: true, common: 842, endedBy: null, versions: [], parting: null },
  ...{ renamed: null, difference: null, seconds: 0.8 },
};

const COMMIT: Commit = {
  ...{ id: '5d41402abc4b2a76b9719d911017c592ae3f2b1c', subject: 'Cache the seats that are left' },
  ...{ author: 'Ada', date: '2026-11-03T09:12:44+00:00' },
};
const GOOD: Commit = {
  ...COMMIT,
  id: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
  subject: 'Add the waiting list',
};
const SAME = { verdict: 'bad' as const, why: 'fails the same way', executions: 1 };

const BISECTED: Bisected = {
  ...{ good: GOOD, bad: COMMIT, first: COMMIT, among: [], commits: 1, executed: 'smallest' },
  tried: [
    { commit: COMMIT, ...SAME },
    { commit: GOOD, verdict: 'good', why: 'passes, 61 of 61 executions', executions: 61 },
  ],
  ...{ executions: 62, seconds: 3.4 },
};

interface KindOfTask {
  /** What it does, after "asks to". */
  what: string;
  /** How a run has to have ended. */
  needs: string;
  /** What `result` has. */
  result: string;
  progress: TaskProgress;
  ready: Task;
  none: string;
}

const KINDS: Record<TaskKind, KindOfTask> = {
  explain: {
    what: 'find out why a run failed',
    needs: 'unless it ended FAIL',
    result:
      'the story in lanes, what it shows, and what makes it pass. `source` says what its lanes are drawn from: `statements` of the database; `requests` on the wire of a service without a gate, told from what the run recorded; `answers` alone. Of a run with `redactValues` no text has a value of its statements, of its calls or of their answers',
    progress: {
      stage: 'asking every read again after each commit',
      executions: 12,
      operations: null,
      seconds: 2,
    },
    ready: { state: 'ready', result: WHY },
    none: 'nothing was found out',
  },
  shrink: {
    what: 'find the smallest reproduction of a failed run',
    needs: 'unless it ended FAIL',
    result: 'how small it became; the reproduction itself is stored with the bundle of the run',
    progress: { stage: 'fewer operations', executions: 80, operations: 17, seconds: 1 },
    ready: { state: 'ready', result: SHRUNK },
    none: 'the run did not fail again',
  },
  verify: {
    what: 'execute the seed of a run again and compare the histories',
    needs: 'before it has ended',
    result:
      'whether the histories are the same, or the first event in which they differ, with what is around it',
    progress: { stage: '300 events alike so far', executions: 1, operations: null, seconds: 1 },
    ready: { state: 'ready', result: VERIFIED },
    none: 'it cannot be executed again here',
  },
  bisect: {
    what: 'find the first commit of the service under test that fails as a run did',
    needs: 'unless it ended FAIL',
    result:
      'that commit, or those among which it is, with the revisions that were tried. Only `simcity bisect` works at it, where the repository is: repositories, revisions and commands are never sent to a server',
    progress: {
      stage: 'revision 3, 5d41402 Cache the seats that are left',
      executions: 12,
      operations: null,
      seconds: 9,
    },
    ready: { state: 'ready', result: BISECTED },
    none: 'the good revision fails the same way',
  },
};

const EVERY_STATE = [
  'A resource of its own beside the run, worked at after its end by whoever holds its lease.',
  'It answers 404 while nobody has asked for it.',
  '`pending`: it was asked for. `progress` is null until somebody works at it, and again once a lease has lapsed.',
];

const IN_THE_END =
  '`none`: it was cancelled, or nothing came of it; `reason` says which. Asking again makes it pending again.';

function examplesOf({ progress, ready, none }: KindOfTask): Record<string, { summary: string; value: Task }> {
  return {
    asked: {
      summary: 'pending, and nobody works at it: a lease can be taken',
      value: { state: 'pending', progress: null },
    },
    working: {
      summary: 'pending, worked at under a lease: how far it is',
      value: { state: 'pending', progress },
    },
    ready: { summary: 'ready: what came of it', value: ready },
    none: {
      summary: 'none, for this reason; it may be asked for again',
      value: { state: 'none', reason: none },
    },
  };
}

function operationsOf(kind: TaskKind): Operation[] {
  const path = `${API_BASE}/runs/{runId}/tasks/${kind}`;
  const { what, needs, result } = KINDS[kind];
  const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}Task`;
  const answer = taskSchemas[kind];
  return [
    {
      method: 'get',
      path,
      id: `get${name}`,
      summary: `The task to ${what}; 404 while nobody has asked`,
      description: [...EVERY_STATE, `\`ready\`: \`result\` has ${result}.`, IN_THE_END].join('\n\n'),
      status: 200,
      answer,
      examples: examplesOf(KINDS[kind]),
      errors: [404, 409],
    },
    {
      method: 'post',
      path,
      id: `ask${name}`,
      summary: `Asks to ${what}; 409 ${needs}`,
      body: taskRequestSchema,
      status: 202,
      answer,
      errors: [400, 404, 409, 413, 415],
    },
    {
      method: 'post',
      path: `${path}/lease`,
      id: `lease${name}`,
      summary: 'Takes or renews the lease on a task that is pending; 409 when it is held by another, or over',
      body: taskLeaseSchema,
      bodyRequired: true,
      status: 200,
      answer: taskLeasedSchema,
      errors: [400, 404, 409, 413, 415, 422],
    },
    {
      method: 'put',
      path,
      id: `end${name}`,
      summary: 'Stores what came of a task, by the holder of its lease',
      body: taskEndSchemas[kind],
      bodyRequired: true,
      status: 200,
      answer,
      errors: [400, 404, 409, 413, 415, 422],
    },
    {
      method: 'delete',
      path,
      id: `cancel${name}`,
      summary: 'Cancels a task that is pending; 409 when it is ready',
      status: 200,
      answer,
      errors: [404, 409],
    },
  ];
}

export const TASK_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: `${API_BASE}/tasks/waiting`,
    id: 'listWaitingTasks',
    summary: 'Tasks that are asked for, with nobody at work on them, in the order in which they were',
    query: waitingTasksQuery,
    status: 200,
    answer: waitingTasksSchema,
    errors: [400],
  },
  ...TASK_KINDS.flatMap(operationsOf),
];
