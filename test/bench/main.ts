/** `npm run bench -- TOPIC`: measures one part of SimCity beside its peers, in one process, as ratios. */

const TOPICS: Record<string, () => Promise<{ bench: () => Promise<void> }>> = {
  engine: () => import('./engine.ts'),
  checker: () => import('./checker.ts'),
  campaign: () => import('./campaign.ts'),
  gate: () => import('./gate.ts'),
  telemetry: () => import('./telemetry.ts'),
  stop: () => import('./stop.ts'),
  tui: () => import('./tui.ts'),
  web: () => import('./web.ts'),
};

const topic = process.argv[2] ?? '';
const load = TOPICS[topic];
if (!load) {
  process.stderr.write(`bench: name what to measure: ${Object.keys(TOPICS).join(', ')}.\n`);
  process.exit(2);
}
await (await load()).bench();
