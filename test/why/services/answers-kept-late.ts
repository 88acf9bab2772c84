/** WRONG: answers are kept by key in a table of their own, which is looked at before the booking and written after it. */
import { sqlBookingService } from '../../../runner/scenarios/bookings/services/postgres.ts';

export default sqlBookingService({
  schema: 'create table answers (name text, answer text, primary key (name));',
  findRepeat: async () => undefined,
  async transaction(client, work, { slot, citizen, key }) {
    const name = `${slot} ${citizen} ${key}`;
    const [known] = await client<{ answer: string }>`select answer from answers where name = ${name}`;
    if (known) return { outcome: 'ok', value: { booking: known.answer } };
    const reply = await client.begin(work);
    if (reply.outcome === 'ok') {
      await client`
        insert into answers (name, answer) values (${name}, ${String(reply.value['booking'])})
        on conflict (name) do nothing`;
    }
    return reply;
  },
});
