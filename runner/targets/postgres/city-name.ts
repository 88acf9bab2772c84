/** The names of cities, which are those of databases or of schemas: by the attempt at a run, or random where there is none. */
import { randomBytes } from 'node:crypto';

const PREFIX = 'simcity_city_';
/** Of all cities; PostgreSQL takes it, too. */
export const CITY_NAME = `^${PREFIX}([0-9a-f]{12}|[0-9a-f]{32}_[0-9]+)$`;
const OF_ATTEMPT = new RegExp(
  `^${PREFIX}([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([0-9]+)$`,
);

/** An attempt at a run: the fence of its claim, which no other has. */
export interface Attempt {
  runId: string;
  fence: string;
}

export function cityNameOf({ runId, fence }: Attempt): string {
  return `${PREFIX}${runId.replaceAll('-', '')}_${fence}`;
}

/** Whose city it is; null: of an execution that is no run of a server. */
export function attemptIn(cityName: string): Attempt | null {
  const [whole, ...parts] = OF_ATTEMPT.exec(cityName) ?? [];
  if (whole === undefined) return null;
  return { runId: parts.slice(0, 5).join('-'), fence: parts[5] ?? '' };
}

/** Nothing that is decided depends on it. */
export function freshCityName(): string {
  return PREFIX + randomBytes(6).toString('hex');
}
