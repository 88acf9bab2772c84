/** `simcity check-adapter`: every call of an adapter once, with what it sends and what the service answers. */
import {
  type CheckEnd,
  type CheckStep,
  type DeclaredRules,
  isServiceTarget,
  type JsonObject,
  RUN_SETTINGS,
} from '../../server/contract/index.ts';
import { modulesOf } from '../hosting/modules.ts';
import { startWorker } from '../hosting/worker.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { ruleLines } from '../run/rules.ts';
import { safeJson, safeLines, safeText } from '../run/sanitize.ts';

export interface CheckFlags {
  target: string;
  adapter: string;
  scenario?: string;
  exec?: string;
  rules?: DeclaredRules;
  setupTimeoutSeconds?: number;
  json?: true;
}

export async function checkAdapter(context: Context, flags: CheckFlags): Promise<number> {
  const { target, adapter, exec = null, rules = {} } = flags;
  const { scenario = RUN_SETTINGS.scenario.default } = flags;
  if (!isServiceTarget(target))
    throw usageError(
      '--target of check-adapter is the URL of a service.',
      'Such as: --target http://127.0.0.1:8080',
    );
  const modules = await modulesOf(context, { scenario, target, config: {} }, { scenario, target, adapter });
  if (modules === null) throw new Error('An adapter is a file.');
  const setupSeconds = flags.setupTimeoutSeconds ?? RUN_SETTINGS.setupTimeoutSeconds.default;
  const worker = startWorker(context, {
    do: 'check-adapter',
    modules,
    scenario,
    target,
    exec,
    rules,
    setupSeconds,
  });
  const undo = context.onSignal(() => worker.stop());
  const shown = new Shown(context, flags.json === true);
  try {
    for await (const line of worker.lines()) {
      if ('step' in line) await shown.step(line.step);
      if ('checked' in line) return await shown.end(line.checked);
    }
  } finally {
    undo();
    await worker.close();
  }
  throw new Error('The worker ended without a word.');
}

class Shown {
  readonly #context: Context;
  readonly #isJson: boolean;
  #steps = 0;
  #unexpected = 0;
  #unanswered = 0;

  constructor(context: Context, isJson: boolean) {
    this.#context = context;
    this.#isJson = isJson;
  }

  async step(step: CheckStep): Promise<void> {
    this.#steps++;
    if (step.expected !== null) this.#unexpected++;
    if (step.expected?.startsWith('an answer')) this.#unanswered++;
    if (this.#isJson) return await this.#context.out(`${safeJson({ step })}\n`);
    const style = this.#style();
    const lines = step.exchanges.flatMap(({ method, path, body, status, answer }) => [
      style.dim(`     ${safeText(`${method} ${path}${body === null ? '' : ` ${body}`}`)}`),
      style.dim(`       ${safeText(`${status ?? 'no answer'}${answer === '' ? '' : ` ${answer}`}`)}`),
    ]);
    const wanted = step.expected === null ? '' : style.yellow(`  expected: ${safeText(step.expected)}`);
    const number = String(this.#steps).padStart(3);
    await this.#context.out(
      `${[`${number}. ${style.bold(safeText(step.title))}`, ...lines, `     → ${safeText(step.made)}${wanted}`].join('\n')}\n`,
    );
  }

  /** The exit code. */
  async end(checked: CheckEnd): Promise<number> {
    if (this.#isJson) await this.#context.out(`${safeJson({ checked })}\n`);
    else if (!checked.failed) await this.#context.out(`${this.#closing(checked).join('\n')}\n`);
    if (checked.failed) {
      if (!this.#isJson) this.#context.err(`simcity: ${safeLines(checked.failed.message)}\n`);
      return checked.failed.kind === 'adapter' ? EXIT.usage : EXIT.unreachable;
    }
    return this.#unanswered > 0 ? EXIT.fail : EXIT.pass;
  }

  #closing({ rules, leftOut, notTested }: CheckEnd): string[] {
    const style = this.#style();
    const section = (title: string, lines: readonly string[]) =>
      lines.length === 0 ? [] : ['', style.bold(title), ...lines.map((line) => `  ${safeText(line)}`)];
    return [
      ...section('Rules of the service', ruleLines(rules as JsonObject | null)),
      ...section('Not walked', leftOut),
      ...section('Cannot be tested', notTested),
      '',
      this.#summary(),
    ];
  }

  #summary(): string {
    const style = this.#style();
    if (this.#unexpected === 0)
      return style.green(`All ${this.#steps} steps went as a right service would have them.`);
    const what = this.#unexpected === 1 ? '1 step went' : `${this.#unexpected} steps went`;
    return style.yellow(
      `${what} otherwise than expected, of ${this.#steps}: is that the service, or what the adapter makes of it?`,
    );
  }

  #style() {
    return styleFor(wantsColor(this.#context, 'stdout'));
  }
}
