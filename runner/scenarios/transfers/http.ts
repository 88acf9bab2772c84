/**
 * The contract of a bank over HTTP. All bodies are JSON.
 *
 *   POST /admin/reset   { accounts: [{ id, balance }] }                   204: only these accounts, no transfers, no keys
 *   POST /transfers     { from, to, amount }, with an Idempotency-Key     201 or 200, or 409 { error: "insufficient-funds" }
 *   GET  /accounts/:id                                                    200 { id, balance }
 *   GET  /accounts                                                        200 [{ id, balance }], all at one instant
 */
import type { AdapterCall, HttpAdapter, HttpAnswer, HttpReply } from '../../public.ts';
import { type Account, BANK_OPERATIONS, type Bank, type BankCall } from './calls.ts';

export const bankOverHttp: HttpAdapter<BankCall, Bank> = {
  name: 'bank',
  operations: BANK_OPERATIONS,
  rules: { keys: true },

  async reset({ accounts }, send) {
    const answer = await send({ method: 'POST', path: '/admin/reset', json: { accounts } });
    if (answer.status !== 204) throw new Error(`POST /admin/reset was answered ${answer.status}, not 204`);
  },

  async perform(call, send) {
    switch (call.operation) {
      case 'transfer':
        return moved(await send(transferOf(call)));
      case 'balance':
        return balanceIn(
          await send({ method: 'GET', path: `/accounts/${encodeURIComponent(call.account)}` }),
        );
      case 'statement':
        return accountsIn(await send({ method: 'GET', path: '/accounts' }));
    }
  },

  async inspect(send) {
    const said = accountsIn(await send({ method: 'GET', path: '/accounts' }));
    return said.outcome === 'ok' ? said.value?.['accounts'] : [];
  },
};

function transferOf({ from, to, amount, key }: AdapterCall<BankCall & { operation: 'transfer' }>) {
  return {
    method: 'POST',
    path: '/transfers',
    headers: { 'idempotency-key': key },
    json: { from, to, amount },
  };
}

function moved({ status, json }: HttpAnswer): HttpReply {
  if (status === 200 || status === 201) return { outcome: 'ok' };
  const { error } = (json ?? {}) as { error?: unknown };
  if (status === 409 && error === 'insufficient-funds') return { outcome: 'refused', reason: error };
  return unknownAnswer('a transfer', status);
}

function balanceIn({ status, json }: HttpAnswer): HttpReply {
  const { balance } = (json ?? {}) as Partial<Account>;
  if (status !== 200 || typeof balance !== 'number') return unknownAnswer('a balance', status);
  return { outcome: 'ok', value: { balance } };
}

function accountsIn({ status, json }: HttpAnswer): HttpReply {
  const isList =
    Array.isArray(json) &&
    json.every(({ id, balance }) => typeof id === 'string' && typeof balance === 'number');
  if (status !== 200 || !isList) return unknownAnswer('the list of accounts', status);
  return { outcome: 'ok', value: { accounts: json } };
}

function unknownAnswer(what: string, status: number): HttpReply {
  return { outcome: 'wrong', why: `${what} was answered ${status}, or not in the shape of the contract` };
}
