/** The forensic bundle of a run as a file, the same wherever it is saved. */
import { safeJson } from './sanitize.ts';

export function bundleFileName(runId: string): string {
  return `simcity-${runId.slice(0, 8)}-forensic.json`;
}

/** As `simcity forensic --json` writes it. */
export function bundleText(bundle: unknown): string {
  return `${safeJson(bundle, 2)}\n`;
}
