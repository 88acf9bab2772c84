/**
 * Closes `.ci/run`: says which tests failed, runs their files once more by themselves, and prints `N passed, N failed` over all suites.
 * A test that passes by itself counts as passed and is named: what is left of a busy machine should be seen, and not be a verdict.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** More files than these have failed for one reason; a second run of them would only take time. */
const MOST_FILES = 4;
const [folder, failedSteps] = [process.argv[2], Number(process.argv[3])];

const suites = readdirSync(folder).map((name) => ({
  script: name.replace(/\.json$/, ''),
  result: read(join(folder, name)),
}));
const failures = suites.flatMap(({ script, result }) => failedIn(script, result));
for (const { script, file, name, message } of failures)
  console.log(`FAILED ${script}: ${file}: ${name}\n${message}`);
const files = new Set(failures.map(({ file }) => file));
const isRetried = files.size > 0 && files.size <= MOST_FILES;
const still = isRetried ? suites.flatMap(again) : failures;

const passed =
  suites.reduce((sum, { result }) => sum + result.numPassedTests, 0) + failures.length - still.length;
// A step that failed without a failed test (lint, types, a suite that did not start) counts as one.
const suitesFailed = suites.filter(({ script }) =>
  failures.some((failure) => failure.script === script),
).length;
const failed = still.length + Math.max(0, failedSteps - suitesFailed);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function read(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Each failed test; a file that failed as a whole is one. */
function failedIn(script, { testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults.filter((test) => test.status === 'failed');
    if (tests.length === 0 && status === 'failed')
      return [{ script, file, name: 'the file', message: brief(message) }];
    return tests.map(({ fullName, failureMessages }) => ({
      script,
      file,
      name: fullName,
      message: brief(failureMessages.join('\n')),
    }));
  });
}

function brief(text) {
  return text
    .split('\n')
    .filter((line) => !line.includes('node_modules'))
    .slice(0, 30)
    .map((line) => `  ${line.slice(0, 300)}`)
    .join('\n');
}

/** What fails again by itself. */
function again({ script }) {
  const first = failures.filter((failure) => failure.script === script);
  if (first.length === 0) return [];
  const output = join(folder, `again-${script}`);
  const names = [...new Set(first.map(({ file }) => file))];
  console.log(`== once more, by themselves: ${names.join(' ')}`);
  spawnSync(
    'npm',
    [
      'run',
      '--silent',
      script,
      '--',
      ...names,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const second = existsSync(output) ? failedIn(script, read(output)) : first;
  const isSame = (a) => second.some((b) => b.file === a.file && (b.name === a.name || b.name === 'the file'));
  for (const failure of first.filter((each) => !isSame(each)))
    console.log(`PASSED by itself: ${failure.file}: ${failure.name}`);
  return second;
}
