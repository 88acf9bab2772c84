/** The databases in which seeds of campaigns build their cities: one for each way to execute them, kept to the end. */
import type { WorkSubject } from '../../server/contract/index.ts';
import { type CityDatabase, cityDatabase, citySubject } from '../hosting/city-database.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';

export function keepCity(context: Context, flags: ServerFlags, connect: () => Promise<Connected | null>) {
  let city: CityDatabase | null = null;
  return {
    /** Null: its seeds need none. */
    async url(subject: Pick<WorkSubject, 'target' | 'config'>): Promise<string | null> {
      if (subject.target === 'memory') return null;
      city ??= await cityDatabase(context, flags, citySubject(subject), await connect());
      return city.url;
    },
    async close(): Promise<void> {
      await city?.close();
    },
  };
}
export type KeptCity = ReturnType<typeof keepCity>;
