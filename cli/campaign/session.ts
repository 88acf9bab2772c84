/** A campaign that is worked for from here: where it is kept, and what this command line gives to execute it. */
import type { CampaignStart } from '../../server/contract/index.ts';
import type { Connected } from '../hosting/connect.ts';
import type { OwnCode } from '../hosting/modules.ts';
import type { CampaignStore } from './store.ts';

/** Files and commands of this command line. */
export type OwnPart = Pick<OwnCode, 'modules' | 'exec' | 'gate'>;

/** What decides a campaign, wherever it is kept. */
export type CampaignPlan = Pick<
  CampaignStart,
  | 'name'
  | 'scenario'
  | 'target'
  | 'config'
  | 'seeds'
  | 'budgetSeconds'
  | 'untilNew'
  | 'known'
  | 'first'
  | 'records'
>;

/** Nothing of the user's. */
export const NO_CODE: OwnPart = { modules: null, exec: undefined, gate: null };

export interface CampaignSession {
  name: string;
  store: CampaignStore;
  own: OwnPart;
  /** The server that has what is recorded; hosted here if nobody else does. */
  connect: () => Promise<Connected>;
  /** True: it was started, or is gone on with, from here, and Ctrl-C stops it. False: others work for it, too. */
  isOwners: boolean;
  /** True where it is kept by a server, and goes on without this process. */
  isServed: boolean;
  /** Lets go of it, and takes down what was hosted for it. */
  close(): Promise<void>;
}
