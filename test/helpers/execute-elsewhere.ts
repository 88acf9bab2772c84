/** Executes one run in a process of its own and sends the hash of its history back. */
import { executed, historyHash } from './execute.ts';

process.once(
  'message',
  async ({ launch, targetUrl }: { launch: Parameters<typeof executed>[0]; targetUrl: string | null }) => {
    const { events } = await executed(launch, targetUrl);
    process.send?.(historyHash(events), () => process.disconnect());
  },
);
