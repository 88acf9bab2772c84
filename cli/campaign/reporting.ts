/** Reports a campaign to the server of its directory, or the one that is named, while it goes on and at its end. */
import { type Connection, createApi } from '../client/api.ts';
import { findServer, type ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { CliError, usageError } from '../process/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { reportOf, restingState } from './report.ts';
import type { CampaignReporter } from './reporter.ts';

const EVERY_MS = 1_000;
/** The campaign does not wait for a server that takes longer. */
const ANSWERED_WITHIN_MS = 3_000;
/** A server that answers so may take the same report later. */
const PASSING = new Set<unknown>(['unavailable', 'too_many_requests', 'internal']);

/** Of who conducts it from here. */
type HeldCheckpoint = Checkpoint & { holder: string };

export interface Reporting {
  /** Tells the user, by this, when a server takes no reports; and reports to the server that this is connected to. */
  through(reporter: CampaignReporter): CampaignReporter;
  /** Reports how the campaign stands now, as one that nobody conducts any more. */
  end(): Promise<void>;
}

/**
 * Begins to report `checkpoint`, once a second, where there is a server; none is hosted for that. One that goes away
 * is looked for again. `after`: the holder that conducted it before, which is gone. @throws CliError when another process conducts the campaign, or its name is another's there.
 */
export async function startReporting(
  context: Context,
  flags: ServerFlags,
  checkpoint: HeldCheckpoint,
  after: string | null,
): Promise<Reporting> {
  const reports = new Reports(context, flags, checkpoint, after);
  await reports.begin();
  return reports;
}

class Reports implements Reporting {
  readonly #context: Context;
  readonly #flags: ServerFlags;
  readonly #checkpoint: HeldCheckpoint;
  readonly #after: string | null;
  /** The server that records are sent to; it is the right one for as long as there is one. */
  #connected: Connection | null = null;
  #found: Connection | null = null;
  #begins = true;
  /** Why the server takes no reports of this campaign. */
  #refused: CliError | null = null;
  #say: (message: string) => void = () => {};
  #timer: NodeJS.Timeout | null = null;
  #underWay: Promise<void> | null = null;

  constructor(context: Context, flags: ServerFlags, checkpoint: HeldCheckpoint, after: string | null) {
    this.#context = context;
    this.#flags = flags;
    this.#checkpoint = checkpoint;
    this.#after = after;
  }

  async begin(): Promise<void> {
    await this.#report('running');
    const { name } = this.#checkpoint;
    if (this.#refused?.cause === 'lease_lost') {
      throw usageError(
        `${this.#refused.message}`,
        `\`simcity campaign --resume ${name}\` goes on with it then.`,
      );
    }
    this.#timer = setInterval(() => this.#tick(), EVERY_MS).unref();
  }

  through(reporter: CampaignReporter): CampaignReporter {
    this.#say = reporter.say;
    if (this.#refused !== null) this.#tellRefused(this.#refused);
    return {
      ...reporter,
      connected: (api) => {
        this.#connected = api.connection;
        reporter.connected?.(api);
      },
    };
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#underWay;
    await this.#report(restingState(this.#checkpoint));
  }

  #tick(): void {
    this.#underWay ??= this.#report('running').finally(() => {
      this.#underWay = null;
    });
  }

  async #report(state: 'running' | 'done' | 'interrupted'): Promise<void> {
    if (this.#refused !== null) return;
    const connection = await this.#server();
    if (connection === null) return;
    const { url, token } = connection;
    const api = createApi(
      { url, token },
      {
        ...{ signal: this.#context.leaving, timeoutMs: ANSWERED_WITHIN_MS },
        patience: { totalMs: 0, firstMs: EVERY_MS },
      },
    );
    const { holder } = this.#checkpoint;
    const report = reportOf(this.#checkpoint, { holder, begins: this.#begins, after: this.#after, state });
    try {
      await api.reportCampaign(this.#checkpoint.name, report);
      this.#begins = false;
    } catch (error) {
      this.#found = null;
      if (error instanceof CliError && typeof error.cause === 'string' && !PASSING.has(error.cause)) {
        this.#refused = error;
        this.#tellRefused(error);
      }
    }
  }

  async #server(): Promise<Connection | null> {
    if (this.#connected !== null) return this.#connected;
    this.#found ??= (await findServer(this.#context, this.#flags))?.connection ?? null;
    return this.#found;
  }

  #tellRefused({ message }: CliError): void {
    this.#say(`the server is not told how far this campaign is: ${message}`);
  }
}
