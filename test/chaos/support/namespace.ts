/** A network namespace joined to this one by a pair of virtual cables, which can be pulled. */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import type { Starter } from './row.ts';
import { programPath } from './tools.ts';

export interface Namespace {
  /** This side's address, as those inside reach it. */
  address: string;
  /** Words that start a program inside. */
  prefix: string[];
  /** From now on every packet is lost, and nobody is told. */
  pull(): void;
  plug(): void;
}

export function createNamespace(row: Starter): Namespace {
  const ip = programPath('ip') ?? 'ip';
  const id = `${process.pid % 10_000}${randomInt(1_000)}`;
  const [name, outer, inner] = [`sc${id}`, `sco${id}`, `sci${id}`];
  const subnet = `10.${200 + randomInt(50)}.${randomInt(250)}`;
  const run = (...args: string[]) => execFileSync(ip, args, { stdio: 'pipe' });
  run('netns', 'add', name);
  row.defer(() => {
    run('netns', 'delete', name);
  });
  run('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
  row.defer(() => {
    run('link', 'delete', outer);
  });
  run('address', 'add', `${subnet}.1/30`, 'dev', outer);
  run('link', 'set', outer, 'up');
  run('-n', name, 'address', 'add', `${subnet}.2/30`, 'dev', inner);
  run('-n', name, 'link', 'set', inner, 'up');
  run('-n', name, 'link', 'set', 'lo', 'up');
  return {
    address: `${subnet}.1`,
    prefix: [ip, 'netns', 'exec', name],
    pull: () => run('link', 'set', outer, 'down'),
    plug: () => run('link', 'set', outer, 'up'),
  };
}
