/** Runs another command of SimCity beside mission control and gathers what it says. */
import { Child } from '../../server/contract/child-process/child.ts';
import type { Connection } from '../client/api.ts';
import { safeText } from '../run/sanitize.ts';

export interface JobUpdate {
  lines: readonly string[];
  /** Null while it runs. */
  exitCode: number | null;
}

export interface JobRunner {
  start(args: readonly string[], onUpdate: (update: JobUpdate) => void): void;
  /** Ends the one that runs. */
  end(): void;
}

const LINES_KEPT = 300;
/** What it says is shown that often at most, in ms. */
const UPDATE_MS = 100;

/** Runs one at a time, with the `simcity` that runs now, against `connection`. */
export function createJobs(connection: Connection): JobRunner {
  let child: Child | null = null;
  const end = () => {
    child?.kill('SIGTERM');
    child = null;
  };
  return {
    end,
    start(args, onUpdate) {
      end();
      const own = new Child(
        process.execPath,
        [process.argv[1] ?? 'simcity', ...args, '--server', connection.url],
        { group: 'shared', stdin: 'ignore', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } },
      );
      child = own;
      const output = gather((lines) => child === own && onUpdate({ lines, exitCode: null }));
      own.stdout.setEncoding('utf8').on('data', output.add);
      own.stderr.setEncoding('utf8').on('data', output.add);
      void own.exited.then(({ code, spawnError }) => {
        if (child !== own) return;
        child = null;
        if (spawnError !== null) output.add(`${spawnError}\n`);
        onUpdate({ lines: output.stop(), exitCode: code ?? 1 });
      });
    },
  };
}

/** Lines as a terminal would show them: what follows a carriage return takes the place of its line. */
function gather(onLines: (lines: readonly string[]) => void) {
  let text = '';
  let timer: NodeJS.Timeout | null = null;
  const lines = () =>
    text
      .split('\n')
      .map((each) => safeText(each.split('\r').findLast((part) => part !== '') ?? ''))
      .slice(-LINES_KEPT);
  const update = () => {
    timer = null;
    onLines(lines());
  };
  return {
    add(more: string) {
      text = (text + more).slice(-200_000);
      timer ??= setTimeout(update, UPDATE_MS);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      return lines();
    },
  };
}
