/** What one picture of the Live view costs, drawn by the painter and by Ink itself, in turn. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundle } from './bundle.ts';
import { startInTerminal } from './screen.ts';

export interface PictureCost {
  cpuMs: number;
  bytes: number;
}

const DRAWERS = ['painter', 'ink'] as const;

/** The costs of each, round by round. @throws when they do not draw the same picture. */
export async function pictureCosts(rounds: number): Promise<Record<(typeof DRAWERS)[number], PictureCost[]>> {
  const costs = { painter: [] as PictureCost[], ink: [] as PictureCost[] };
  const bundles = new Map<(typeof DRAWERS)[number], Bundle>();
  const pictures = new Set<string>();
  try {
    for (const drawer of DRAWERS) {
      bundles.set(drawer, await bundle({ pictures: 'test/bench/tui/pictures-main.tsx' }, drawer));
    }
    for (let round = 0; round < rounds; round++) {
      for (const [drawer, { folder }] of bundles) {
        const { cost, picture } = await measure(folder);
        costs[drawer].push(cost);
        pictures.add(picture);
      }
    }
  } finally {
    for (const each of bundles.values()) await each.remove();
  }
  const [one, other] = pictures;
  if (other !== undefined) throw new Error(`two drew different pictures:\n${one}\n${other}`);
  return costs;
}

async function measure(folder: string): Promise<{ cost: PictureCost; picture: string }> {
  const file = join(folder, 'cost.json');
  await rm(file, { force: true });
  const pty = startInTerminal([join(folder, 'pictures.mjs'), file]);
  await pty.exited;
  return { cost: JSON.parse(await readFile(file, 'utf8')) as PictureCost, picture: pty.text() };
}
