/** Delivered events a second to many subscribers, beside nchan; and what the same load costs either. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { median } from '../measure.ts';
import type { LoadFailure, LoadOrder, LoadResult } from './load.ts';
import { endModule, processorSeconds, startModule, startNchan } from './processes.ts';

const ROUNDS = Number(process.env['SIMCITY_BENCH_ROUNDS'] ?? 3);
const SUBSCRIBERS = (process.env['SIMCITY_BENCH_SUBSCRIBERS'] ?? '50,200,1000').split(',').map(Number);

interface Candidate {
  name: string;
  pid: number;
  subscribe: string;
  publish: string;
  bundle: number;
  form: 'batch' | 'message';
}

let loads = 0;

interface Outcome extends LoadResult {
  /** Of the server, for a million deliveries: what other processes do changes this less than a rate. */
  processorSeconds: number;
}

export async function fanOut(): Promise<string> {
  const { child, first: port } = await startModule<number>('fan-out-server.ts', []);
  const nchan = await startNchan(await freePort());
  try {
    const own: Candidate = {
      name: 'simcity',
      pid: child.pid as number,
      subscribe: `http://127.0.0.1:${port}/sub`,
      publish: `http://127.0.0.1:${port}/pub`,
      bundle: 100,
      form: 'batch',
    };
    const theirs = (bundle: number): Candidate[] =>
      nchan === null
        ? []
        : [
            {
              name: bundle === 1 ? 'nchan, an event a message' : `nchan, ${bundle} events a message`,
              pid: nchan.pid,
              subscribe: `${nchan.url}/sub`,
              publish: `${nchan.url}/pub`,
              bundle,
              form: 'message',
            },
          ];
    const candidates = [...theirs(1), ...theirs(100), own];
    const say = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`);
    say('Fan-out: events delivered a second, every subscriber counted; delays at half of that');
    if (nchan === null)
      say('  nchan is not installed (apt-get install nginx libnginx-mod-nchan): no comparison');
    for (const count of SUBSCRIBERS) say(...(await atFullSpeed(candidates, count)));
    return (await atEqualLoad([...theirs(1), own], 200, 500)).join('\n');
  } finally {
    await endModule(child);
    await nchan?.stop();
  }
}

async function atFullSpeed(candidates: Candidate[], count: number): Promise<string[]> {
  const fulls = candidates.map((): Outcome[] => []);
  const halves = candidates.map((): Outcome[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const full = await load(candidate, count, { bundle: candidate.bundle, seconds: 1.5, rate: null });
      if (round === 0) continue;
      fulls[i]?.push(full);
      const rate = full.perSecond / count / 2;
      halves[i]?.push(
        await load(candidate, count, { bundle: bundleAt(candidate, rate), seconds: 1.5, rate }),
      );
    }
  }
  const own = rateOf(fulls.at(-1));
  return candidates.map(({ name }, i) => {
    const rate = rateOf(fulls[i]);
    const outcomes = halves[i] as Outcome[];
    const delays = `${cost(fulls[i] as Outcome[])}; p50 ${ms(outcomes, 'p50')}, p99 ${ms(outcomes, 'p99')} ms at half`;
    return `  ${String(count).padStart(5)} × ${name.padEnd(28)} ${Math.round(rate).toLocaleString('en').padStart(10)}/s   simcity ${(own / rate).toFixed(1).padStart(5)} times   ${delays}`;
  });
}

/** A publisher that gathers for 10 ms, as the harness does at such rates; never more than at full speed. */
function bundleAt({ bundle }: Candidate, eventsPerSecond: number): number {
  return Math.max(1, Math.min(bundle, Math.round(eventsPerSecond / 100)));
}

async function atEqualLoad(candidates: Candidate[], count: number, rate: number): Promise<string[]> {
  const outcomes = candidates.map((): Outcome[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const bundle = bundleAt(candidate, rate);
      outcomes[i]?.push(await load(candidate, count, { bundle, seconds: 3, rate }));
    }
  }
  return candidates.map(({ name }, i) => {
    const all = outcomes[i] as Outcome[];
    return `  ${rate * count} deliveries/s to ${count}: ${name.padEnd(28)} ${cost(all)}, p50 ${ms(all, 'p50')}, p99 ${ms(all, 'p99')} ms`;
  });
}

const rateOf = (outcomes: Outcome[] = []) => median(outcomes.map(({ perSecond }) => perSecond));

const cost = (outcomes: Outcome[]) =>
  `${median(outcomes.map((each) => each.processorSeconds)).toFixed(2)} s of processor a million`;

function ms(outcomes: Outcome[], of: 'p50' | 'p99'): string {
  return median(outcomes.map((each) => each[of])).toFixed(1);
}

/** @throws Error when an event did not reach every subscriber, once, in order, three times in a row. */
async function load(candidate: Candidate, count: number, order: LoadOrder): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await loadOnce(candidate, count, order);
    if (!('failed' in outcome) && outcome.gaps === 0 && outcome.missing === 0) return outcome;
    const why = 'failed' in outcome ? outcome.failed : `${outcome.gaps} gaps, ${outcome.missing} missing`;
    const what = `${candidate.name} with ${count}: ${why}`;
    if (attempt === 3) throw new Error(what);
    process.stdout.write(`  not counted: ${what}\n`);
  }
}

async function loadOnce(
  candidate: Candidate,
  count: number,
  order: LoadOrder,
): Promise<Outcome | LoadFailure> {
  const { subscribe, publish } = candidate;
  // A channel of its own: what the load before left behind is none of its business.
  loads += 1;
  const urls = [subscribe, publish].map((url) => `${url}?id=${loads}`);
  const { child } = await startModule<string>('load.ts', [...urls, String(count), candidate.form]);
  const before = await processorSeconds(candidate.pid);
  child.send(order);
  const [result] = (await once(child, 'message')) as [LoadResult | LoadFailure];
  const used = (await processorSeconds(candidate.pid)) - before;
  await endModule(child);
  if ('failed' in result) return result;
  return { ...result, processorSeconds: used / (result.delivered / 1e6) };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
