/** The short form of an adapter as a BookingApi, until the live run takes every adapter as an HttpApi. */
import { AdapterError, errorText } from '../../modules/adapter-error.ts';
import { BOOKING_OPERATIONS, type BookingCall } from '../../scenarios/bookings/calls.ts';
import { httpApiOf } from './adapted.ts';
import type { AdapterCall, HttpAdapter } from './adapter.ts';
import { type BookingApi, NotPreparedError, type Send, Unanswered } from './api.ts';
import { checkReply } from './reply-check.ts';
import { answerOf, wireRequestOf } from './request.ts';

export function adaptedApi(adapter: HttpAdapter): BookingApi {
  const api = httpApiOf(adapter);
  const named = (call: BookingCall) => ({ citizen: 'manager', ...call }) as AdapterCall;
  return {
    reset: async (world, send) => {
      const sends: Send = async (request) => {
        const wire = wireRequestOf(request, null);
        const answer = await send(wire);
        if (answer.status >= 500)
          throw new Unanswered(`${wire.method} ${wire.path} was answered ${answer.status}`);
        return answerOf(answer);
      };
      await api.reset(world, sends);
    },
    offers: (operation) => (adapter.operations ?? BOOKING_OPERATIONS).includes(operation),
    requestOf: (call) => {
      try {
        if (!adapter.request) throw new NotPreparedError('The adapter has no request().');
        return wireRequestOf(adapter.request(named(call)), null);
      } catch (error) {
        throw broken(`request() of the adapter, for ${call.operation}, failed: ${errorText(error)}`, error);
      }
    },
    replyOf: (call, answer) => {
      if (answer.status >= 500) return { outcome: 'failed', error: `the service answered ${answer.status}` };
      let said: unknown;
      try {
        said = adapter.reply?.(named(call), answerOf(answer));
      } catch (error) {
        throw broken(`reply() of the adapter, for ${call.operation}, failed: ${errorText(error)}`, error);
      }
      const reply = checkReply(call, said, { isBookings: true, needsIds: true });
      if ('no' in reply) throw broken(`reply() of the adapter returned no HttpReply: ${reply.no}.`);
      if (reply.outcome !== 'wrong') return reply;
      return { outcome: 'breach', message: reply.why, expected: 'an answer that the adapter knows' };
    },
    isContract: false,
  };
}

function broken(message: string, cause?: unknown): AdapterError {
  return new AdapterError(message, { phase: 'mapping', role: 'adapter', cause });
}
