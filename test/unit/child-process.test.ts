/** Child processes, with real ones: how they end is told, what they print is bounded, and they can be made to end. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Child, type ChildOptions, exitText } from '../../server/contract/child-process/child.ts';
import { OutputTail } from '../../server/contract/child-process/output-tail.ts';

const CHILD = fileURLToPath(new URL('../../server/contract/child-process/child.ts', import.meta.url));

function start(command: string, args: string[], options?: ChildOptions): Child {
  const child = new Child(command, args, options);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child.exited;
  });
  return child;
}

const node = (script: string, options?: ChildOptions) => start(process.execPath, ['-e', script], options);

const nextLine = async ({ stdout }: Child) => {
  const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string];
  return line;
};

test('the exit code is told', async () => {
  const child = node('process.exit(3)');
  const exit = await child.exited;
  expect(exit).toEqual({ code: 3, signal: null, spawnError: null });
  expect(exitText(exit)).toBe('exit code 3');
});

test('the signal that ended it is told', async () => {
  const child = node('setInterval(() => {}, 1_000)');
  child.kill('SIGKILL');
  const exit = await child.exited;
  expect(exit).toEqual({ code: null, signal: 'SIGKILL', spawnError: null });
  expect(exitText(exit)).toBe('signal SIGKILL');
});

test('a command that does not exist is told, and can be spoken to and ended like any other', async () => {
  for (const group of ['own', 'swept', 'shared'] as const) {
    const child = start('no-such-command-anywhere', [], { group });
    child.say('hello');
    child.kill('SIGTERM');
    await child.end(1);
    const exit = await child.exited;
    expect(exit).toMatchObject({ code: null, signal: null });
    expect(exitText(exit)).toBe('spawn no-such-command-anywhere ENOENT');
    expect(child.pid).toBeUndefined();
    expect(await text(child.stdout)).toBe('');
  }
});

test('without file descriptors to spare it is told that it could not be started', () => {
  const script = `
    import { openSync } from 'node:fs';
    import { Child, exitText } from ${JSON.stringify(CHILD)};
    try { for (;;) openSync('/dev/null', 'r'); } catch {}
    const child = new Child('true', []);
    child.say('hello');
    await child.end(1);
    process.stdout.write(exitText(await child.exited));
  `;
  const args = [
    '-c',
    'ulimit -n 60 && exec "$0" "$@"',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ];
  expect(execFileSync('sh', args, { encoding: 'utf8' })).toBe(
    'there are too few file descriptors: raise the limit, as by ulimit -n 1024',
  );
});

test('all output is read before the exit is told, and its end is kept within the bound', async () => {
  const child = node(`
    process.stderr.write('x'.repeat(2_000_000) + '\\nlast words', () => process.exit(1));
  `);
  const tail = new OutputTail(1_000).follow(child.stderr);
  await child.exited;
  expect(tail.lastLines(1)).toEqual(['last words']);
  expect(tail.lastLines(2)[0]).toHaveLength(1_000 - '\nlast words'.length);
  expect(tail.droppedBytes).toBe(2_000_000 + '\nlast words'.length - 1_000);
});

test('the tail keeps the last bytes and counts the others', () => {
  const tail = new OutputTail(10);
  for (const text of ['first line\n', 'abc\n', 'def\n', 'gh']) tail.add(Buffer.from(text));
  expect(tail.lastLines(9)).toEqual(['abc', 'def', 'gh']);
  expect(tail.lastLines(1)).toEqual(['gh']);
  expect(tail.droppedBytes).toBe(11);
  tail.add(Buffer.from('0123456789abcdef'));
  expect(tail.lastLines(1)).toEqual(['6789abcdef']);
  expect(new OutputTail().lastLines(3)).toEqual([]);
});

test('lines reach it, until it is told that no more come', async () => {
  const child = node('process.stdin.pipe(process.stdout)');
  child.say('one');
  child.say('two');
  child.closeStdin();
  child.say('three');
  expect(await text(child.stdout)).toBe('one\ntwo\n');
  expect(await child.exited).toMatchObject({ code: 0 });
});

test('one that reads nothing more is no error', async () => {
  const child = node('process.stdin.destroy(); process.exit(0)');
  for (let nth = 0; nth < 100; nth++) child.say('x'.repeat(10_000));
  expect(await child.exited).toMatchObject({ code: 0 });
  child.say('too late');
});

test('the end of stdin comes with the first signal, which it may heed in its own way', async () => {
  const child = node(`
    process.on('SIGTERM', () => process.stdin.resume().on('end', () => process.exit(7)));
    setInterval(() => {}, 1_000);
    console.log('ready');
  `);
  await nextLine(child);
  await child.end(60_000);
  expect(await child.exited).toMatchObject({ code: 7 });
});

test('one that heeds no signal is killed after the grace', async () => {
  const child = node(`
    process.on('SIGTERM', () => console.log('no'));
    process.on('SIGINT', () => console.log('nor this'));
    setInterval(() => {}, 1_000);
    console.log('ready');
  `);
  await nextLine(child);
  const printed = text(child.stdout);
  const startedMs = performance.now();
  await child.end(150, ['SIGTERM', 'SIGINT', 'SIGKILL']);
  expect(performance.now() - startedMs).toBeGreaterThan(290);
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL', spawnError: null });
  expect(await printed).toBe('no\nnor this\n');
});

test('one that waits for its output to be read is ended all the same', async () => {
  const child = node(`
    process.on('SIGTERM', () => process.stdout.write('bye', () => process.exit(0)));
    process.stdout.write('y'.repeat(10_000_000));
    process.stderr.write('ready');
    setInterval(() => {}, 1_000);
  `);
  await once(child.stderr, 'data');
  await child.end(60_000);
  expect(await child.exited).toMatchObject({ code: 0 });
});

test.each([
  ['own', true],
  ['swept', true],
  ['shared', false],
] as const)('with the group %s it leads one: %s', async (group, leads) => {
  const child = start('sh', ['-c', 'ps -o pgid= -p $$'], { group });
  const printed = Number(await text(child.stdout));
  expect(printed === child.pid).toBe(leads);
  expect(printed).toBeGreaterThan(1);
});

// The pipes of `exited` are closed only when whoever inherited them is gone.
test('what a swept one leaves behind in its group goes with it', async () => {
  const child = start('sh', ['-c', 'sleep 1000 & echo started'], { group: 'swept' });
  expect(await text(child.stdout)).toBe('started\n');
  expect(await child.exited).toMatchObject({ code: 0 });
});

// The shell heeds the signal only after what it waits for is gone.
test('a signal to a swept one reaches all of its group', async () => {
  const script = 'trap "exit 5" TERM; sh -c "echo ready; exec sleep 1000"; exit 6';
  const child = start('sh', ['-c', script], { group: 'swept' });
  await nextLine(child);
  child.kill('SIGTERM');
  expect(await child.exited).toMatchObject({ code: 5 });
});

test('output goes to a file descriptor or nowhere, when that is asked for', async () => {
  const child = start('sh', ['-c', 'echo unseen; exit 4'], { output: 'ignore', stdin: 'ignore' });
  expect(await text(child.stdout)).toBe('');
  expect(await child.exited).toMatchObject({ code: 4 });
});
