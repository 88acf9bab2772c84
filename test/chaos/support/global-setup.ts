/** Builds `dist/`, gives the rows a folder for their results, and tells them when all is over. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import build from '../../helpers/global-setup.ts';
import { document, readResults } from './results.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A folder in which each row leaves what it reached. */
    chaosResults: string;
  }
}

export default function setup(project: TestProject): () => void {
  build();
  const folder = mkdtempSync(join(tmpdir(), 'simcity-chaos-results-'));
  project.provide('chaosResults', folder);
  return () => {
    const text = document(readResults(folder));
    process.stdout.write(`\n${text}`);
    const file = process.env['SIMCITY_CHAOS_DOCUMENT'];
    if (file) writeFileSync(file, text);
    rmSync(folder, { recursive: true, force: true });
  };
}
