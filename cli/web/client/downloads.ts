/**
 * What of a run is saved as a file, byte for byte as the commands write it. With the schemas, by which fields come in the
 * same order, it is larger than all else, and loaded when it is asked for.
 */
import {
  cityStateSchema,
  eventPageSchema,
  type Run,
  runSchema,
  snapshotPageSchema,
  taskSchemas,
} from '../../../server/contract/index.ts';
import { gatherReport, type ReportSource } from '../../output/report/gather.ts';
import { htmlReport } from '../../output/report/html.ts';
import { bundleFileName, bundleText } from '../../run/bundle-file.ts';
import { ApiProblem, api } from './api.ts';

export interface Download {
  name: string;
  /** Media type. */
  type: string;
  text: string;
}

/** As `simcity forensic --json` writes it. @throws ApiProblem, also for a run without one. */
export async function bundleDownload(runId: string): Promise<Download> {
  const { id, failForensic } = await readRun(runId);
  if (failForensic === null) throw new ApiProblem(404, 'The run has no bundle: nothing broke.');
  return { name: bundleFileName(id), type: 'application/json', text: bundleText(failForensic) };
}

/** As `simcity report` writes it. @throws ApiProblem */
export async function reportDownload(runId: string): Promise<Download> {
  const run = await readRun(runId);
  const text = htmlReport(await gatherReport(source, run, true));
  return { name: `simcity-${run.id.slice(0, 8)}-report.html`, type: 'text/html', text };
}

async function readRun(runId: string): Promise<Run> {
  return runSchema.parse(await api.run(runId));
}

const source: ReportSource = {
  events: async (runId, { from, limit }) => eventPageSchema.parse(await api.events(runId, from, limit)),
  snapshots: async (runId, query) => snapshotPageSchema.parse(await api.snapshots(runId, query)),
  state: async (runId, at) => cityStateSchema.parse(await api.city(runId, at)),
  task: async (runId, kind) => {
    try {
      return taskSchemas[kind].parse(await api.task(runId, kind));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return null;
      throw error;
    }
  },
};
