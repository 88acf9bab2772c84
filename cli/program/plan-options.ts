/** The options that decide what is executed: of `run`, and of all that executes like it. */
import { type Command, Option } from 'commander';
import {
  duration,
  faultRate,
  kebabName,
  positiveNumber,
  scenarioName,
  target,
  threshold,
  wholeNumber,
} from '../flags.ts';
import { count, GROUPS } from './options.ts';

const PROFILES = ['none', 'calm', 'rough', 'brutal'];
const ISOLATION = ['read-committed', 'repeatable-read', 'serializable'];

/** `standardTarget`: the target when none is named, for the help. */
export function addPlanOptions(command: Command, standardTarget: string): Command {
  addCityOptions(command, standardTarget);
  addFaultOptions(command);
  return command;
}

function addCityOptions(command: Command, standardTarget: string): void {
  command
    .optionsGroup(GROUPS.city)
    .addOption(
      new Option(
        '--target <TARGET>',
        `postgres, memory, a URL or a file (default: ${standardTarget})`,
      ).argParser(target),
    )
    .addOption(
      new Option('--scenario <FILE>', 'a scenario of your own, such as ./my-scenario.ts').argParser(
        scenarioName,
      ),
    )
    .addOption(
      count('--operations <N>', 'operations to begin (default: 2000; 20 s of a service)', 100_000_000),
    )
    .addOption(new Option('--duration <TIME>', 'begin no more after this, such as 30s').argParser(duration))
    .addOption(count('--citizens <N>', 'citizens of the city (default: 40)', 100_000))
    .addOption(count('--slots <N>', 'slots to book (default: 12)', 10_000))
    .addOption(count('--concurrency <N>', 'operations under way at once (default: 8)', 1_000))
    .addOption(
      new Option('--isolation <LEVEL>', 'of transactions (default: read-committed)').choices(ISOLATION),
    )
    .addOption(new Option('--strategy <NAME>', 'which step goes next (default: ambush)').argParser(kebabName))
    .addOption(new Option('--rate <N>', 'operations a second at most').argParser(positiveNumber(1_000_000)));
}

function addFaultOptions(command: Command): void {
  command
    .optionsGroup(GROUPS.faults)
    .addOption(new Option('--faults <PROFILE>', 'how much goes wrong (default: rough)').choices(PROFILES))
    .addOption(
      new Option('--fault <NAME=RATE>', 'rate of one fault, from 0 to 1; repeatable').argParser(faultRate),
    )
    .addOption(
      new Option('--bug <NAME>', 'plant a known bug, such as check-then-insert').argParser(kebabName),
    )
    .addOption(
      new Option('--threshold <EXPR>', "fail when crossed: 'p95_latency_ms<50'; repeatable").argParser(
        threshold,
      ),
    )
    .addOption(
      new Option('--snapshot-every <N>', 'events between snapshots (default: 10)').argParser(
        wholeNumber(5, 1_000_000),
      ),
    );
}
