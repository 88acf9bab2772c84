/** Composes what is shown and stored of a shrunk run. */
import type { Forensic, Smallest, WireLine } from '../../server/contract/index.ts';
import { rounded } from '../harness/rounded.ts';
import { reproduceOwn } from '../reproduce.ts';
import { withoutLiterals } from '../service/without-literals.ts';
import { configOf, type Subject } from './candidate.ts';
import type { Shrunk } from './shrink.ts';
import { storyOf } from './story.ts';

export function composeSmallest(subject: Subject, shrunk: Shrunk): Smallest {
  const { scenario, target, seed } = subject;
  const { trial, operationsBefore, minimal, failsOtherwise, reproduced, executions, seconds } = shrunk;
  // A shrunk trial has failed, so that it has a bundle.
  const { kind, invariant, message, actual, expected } = trial.forensic as Forensic;
  const config = configOf(subject.config, trial.candidate, { invariant });
  return {
    version: 1,
    scenario,
    target,
    seed,
    config,
    operations: trial.candidate.operations.length,
    operationsBefore,
    faults: [...new Set(trial.trace.struck)],
    kind,
    invariant,
    message,
    actual,
    expected,
    story: storyOf(trial.events),
    wire: wireOf(trial.trace.wire, !config.redactValues),
    reproduce: reproduceOwn({ scenario, target, seed, config, exec: subject.exec ?? null }),
    minimal,
    failsOtherwise,
    reproduced,
    executions,
    seconds: rounded(seconds),
  };
}

/** No more lines of the wire are kept: what no person reads is left out. */
const MOST_LINES = 300;

function wireOf(lines: readonly WireLine[], withValues: boolean): WireLine[] {
  return lines.slice(0, MOST_LINES).map((line) => (withValues ? { ...line } : withoutValues(line)));
}

/** Some drivers write the values into the text of the statement. */
function withoutValues(line: WireLine): WireLine {
  const text = line.kind === 'statement' ? withoutLiterals(line.text) : line.text;
  return { ...line, text, values: '' };
}
