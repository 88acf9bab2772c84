/** Whoever attacks does so from a thread of his own, so that what he costs himself delays no measurement. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Row } from './row.ts';

/** How often something was done, and the answers by status. */
export type Report = Record<string, { times: number; statuses: Record<string, number> }>;

/** Starts `fixtures/NAME`, which works with `data` and answers a message with its report. */
export function attack(row: Row, name: string, data: unknown): { end(): Promise<Report> } {
  const worker = new Worker(new URL(`../fixtures/${name}`, import.meta.url), { workerData: data });
  row.defer(() => worker.terminate());
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  return {
    async end() {
      const reported = once(worker, 'message');
      worker.postMessage('report');
      const [report] = await Promise.race([reported, failed]);
      await worker.terminate();
      return report as Report;
    },
  };
}

/** In words: how often each status was answered to what. */
export function wordsOf(report: Report): string {
  return Object.entries(report)
    .map(([what, { times, statuses }]) => {
      const answers = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
      return `${what} ${times} (${answers.join(', ') || 'no answer'})`;
    })
    .join('; ');
}

export function statusesOf(report: Report): number[] {
  const all = Object.values(report).flatMap(({ statuses }) => Object.keys(statuses));
  return [...new Set(all)].map(Number).sort((a, b) => a - b);
}
