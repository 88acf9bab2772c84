/**
 * The path of telemetry: ingest beside COPY, fan-out beside nchan, latency, pages of a long history, memory
 * with many subscribers, and a whole run at full speed. `npm run bench -- telemetry [PART …]`.
 */
import { fanOut } from './telemetry/fan-out.ts';
import { history } from './telemetry/history.ts';
import { ingestion } from './telemetry/ingest.ts';
import { latency } from './telemetry/latency.ts';
import { memory } from './telemetry/memory.ts';
import { wholeRun } from './telemetry/whole-run.ts';

const PARTS: Record<string, () => Promise<string>> = {
  ingest: ingestion,
  'fan-out': fanOut,
  latency,
  history,
  memory,
  run: wholeRun,
};

export async function bench(): Promise<void> {
  const asked = process.argv.slice(3);
  const unknown = asked.find((name) => !(name in PARTS));
  if (unknown !== undefined) {
    process.stderr.write(`bench: ${unknown} is none of ${Object.keys(PARTS).join(', ')}.\n`);
    process.exit(2);
  }
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length === 0 || asked.includes(name)) process.stdout.write(`${await part()}\n\n`);
  }
}
