/** What the routes work with: made once by main, handed to every route. */
import type { Access } from './access/access.ts';
import type { Sql } from './db/client.ts';
import type { DatabaseDisk } from './db/disk.ts';
import type { StandbyWatch } from './db/standby.ts';
import type { GuardOptions } from './guard.ts';
import type { GroupCommit } from './ingest/group-commit.ts';
import type { Metrics } from './metrics.ts';
import type { Log } from './process-edge.ts';
import type { Readiness } from './readiness.ts';
import type { CampaignFeeds } from './stream/campaign-feeds.ts';
import type { Hub } from './stream/hub.ts';
import type { Notifications } from './stream/notify.ts';

export interface Services {
  sql: Sql;
  standby: StandbyWatch;
  disk: DatabaseDisk;
  hub: Hub;
  campaigns: CampaignFeeds;
  groupCommit: GroupCommit;
  notifications: Notifications;
  readiness: Readiness;
  metrics: Metrics;
  log: Log;
  guard: GuardOptions;
  access: Access;
  version: string;
  /** Aborted when the server begins to stop. */
  stopping: AbortSignal;
}
