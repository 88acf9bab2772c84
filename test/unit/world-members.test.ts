/** Who has joined the host of a data directory. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { enterMember, hasMembers } from '../../server/contract/world-members.ts';
import { worldRunnerName } from '../../server/contract/world-runner.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'simcity-members-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** Of a process that was here before. */
function nameOfGone(): string {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  return `${hostname()}-${pid}-1-abcdef`;
}

test('a process counts from its entering to its leaving', () => {
  expect(hasMembers(dataDir)).toBe(false);
  const leave = enterMember(dataDir, worldRunnerName());
  expect(hasMembers(dataDir)).toBe(true);
  leave();
  expect(hasMembers(dataDir)).toBe(false);
});

test('what a process that is gone, or anything else, has left there does not count; the next to enter removes it', () => {
  enterMember(dataDir, nameOfGone());
  writeFileSync(join(dataDir, 'members', 'README'), '');
  expect(hasMembers(dataDir)).toBe(false);
  enterMember(dataDir, worldRunnerName())();
  expect(readdirSync(join(dataDir, 'members'))).toEqual(['README']);
});
