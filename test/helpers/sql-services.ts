/** The services over SQL in test/fixtures/sql-services, by the names of their files. */
import { loadModules } from '../../runner/modules/load-modules.ts';
import { type Executed, executed } from './execute.ts';

/** Few objects and many requests at once, so that they meet. */
export const CROWDED = { operations: 40, slots: 2, citizens: 6, concurrency: 6 } as const;

/** The modules of an order that names this service. */
export const modulesFor = (name: string) => ({
  target: new URL(`../fixtures/sql-services/${name}.ts`, import.meta.url).pathname,
  scenario: null,
  adapter: null,
});

/** What a run's `target` is called when its service is a file. */
export const labelOf = (name: string) => `module:./${name}.ts`;

/** Executes one run of the service; the other arguments are those of `executed`. */
export async function executedService(
  name: string,
  seed: number,
  config: NonNullable<Parameters<typeof executed>[0]['config']>,
  ...[url, cities]: [url: string, cities?: Parameters<typeof executed>[2]]
): Promise<Executed> {
  await loadModules(modulesFor(name));
  return await executed({ target: labelOf(name), seed, config }, url, cities);
}
