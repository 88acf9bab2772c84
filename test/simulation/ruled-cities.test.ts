/** Each rule both ways: a service that keeps it is right in every seed, one that breaks it is found, by name. */
import { describe, expect, it } from 'vitest';
import type { DeclaredRules } from '../../server/contract/index.ts';
import { ruledCity } from '../helpers/ruled-city.ts';
import { type Fault, TELLS_ALL, type Telling } from '../helpers/ruled-service.ts';

/** More of them in the heavier suite. */
const SEEDS = Number(process.env['SIMCITY_SEEDS'] ?? 10);
/** In how many seeds a wrong service is looked for. */
const SEEDS_OF_WRONG = 6;

const BY_CITIZEN: Telling = { ids: false, citizens: true, capacityAndOpen: true, reasons: true };
const LITTLE: Telling = { ids: false, citizens: false, capacityAndOpen: false, reasons: false };
const ONLY_IDS: Telling = { ids: true, citizens: false, capacityAndOpen: false, reasons: true };

const WITHOUT_CAPACITY: Telling = { ...TELLS_ALL, capacityAndOpen: false };

const LAGGING: DeclaredRules = { reads: { read: { staleMs: 60 }, list: { staleMs: 60 } } };

const RIGHT: Record<string, { declared: DeclaredRules; telling?: Telling }> = {
  'the contract': { declared: {} },
  'no keys': { declared: { keys: false } },
  'capacity 1': { declared: { capacity: 1 } },
  'capacity 3 to 20': { declared: { capacity: [3, 20] } },
  'several bookings for one citizen': { declared: { onePerCitizen: false } },
  'several bookings, no keys, views of ids alone': {
    declared: { onePerCitizen: false, keys: false },
    telling: ONLY_IDS,
  },
  'a second cancel is acknowledged': { declared: { secondCancel: 'ok' } },
  'always open': { declared: { closing: false } },
  'cancels by the citizen': { declared: { cancelsBy: 'citizen' }, telling: BY_CITIZEN },
  'cancels by the citizen, acknowledged twice, no keys, always open': {
    declared: { cancelsBy: 'citizen', secondCancel: 'ok', keys: false, closing: false },
    telling: BY_CITIZEN,
  },
  'cancels by the citizen, views that count only': {
    declared: { cancelsBy: 'citizen', keys: false },
    telling: LITTLE,
  },
  'own bookings only are cancelled': { declared: { ownCancelOnly: true } },
  'own bookings only are cancelled, acknowledged twice': {
    declared: { ownCancelOnly: true, secondCancel: 'ok' },
  },
  'reasons are not told, nor capacity': {
    declared: {},
    telling: { ...TELLS_ALL, capacityAndOpen: false, reasons: false },
  },
  'reads that lag': { declared: LAGGING },
  'reads that lag, of ids alone, no keys': { declared: { ...LAGGING, keys: false }, telling: ONLY_IDS },
  'reads that lag, cancels by the citizen': {
    declared: { ...LAGGING, cancelsBy: 'citizen' },
    telling: BY_CITIZEN,
  },
  'lists that lag': { declared: { reads: { list: { staleMs: 60 } }, keys: false, onePerCitizen: false } },
};

describe('right services pass', () => {
  for (const [name, { declared, telling }] of Object.entries(RIGHT)) {
    it(`${name}: ${SEEDS} seeds`, { timeout: 120_000 }, () => {
      const found: string[] = [];
      for (let seed = 1; seed <= SEEDS; seed++) {
        const broken = ruledCity({ seed, declared, ...(telling ? { telling } : {}) });
        if (broken !== null) found.push(`seed ${seed}: ${broken}`);
      }
      expect(found).toEqual([]);
    });
  }
});

const WRONG: { fault: Fault; declared: DeclaredRules; telling?: Telling; by: string }[] = [
  { fault: 'overbooks', declared: { capacity: 1, keys: false }, by: 'no-overbooking' },
  { fault: 'overbooks', declared: { capacity: [2, 3], onePerCitizen: false }, by: 'no-overbooking' },
  {
    fault: 'overbooks',
    declared: { capacity: 2, cancelsBy: 'citizen' },
    telling: BY_CITIZEN,
    by: 'no-overbooking',
  },
  { fault: 'overbooks', declared: { capacity: 2, ...LAGGING }, by: 'no-overbooking' },
  {
    fault: 'books-a-citizen-twice',
    declared: { capacity: 20, keys: false },
    by: 'one-active-booking-per-citizen-and-slot',
  },
  { fault: 'refuses-a-second-booking', declared: { onePerCitizen: false, keys: false }, by: 'model' },
  { fault: 'forgets-a-booking', declared: { keys: false }, by: 'acknowledged-booking-stays' },
  {
    fault: 'forgets-a-booking',
    declared: { cancelsBy: 'citizen', keys: false },
    telling: BY_CITIZEN,
    by: 'acknowledged-booking-stays',
  },
  {
    fault: 'hides-a-booking',
    declared: { ...LAGGING, keys: false },
    by: 'reads-lag-no-longer-than-promised',
  },
  {
    fault: 'hides-a-booking',
    declared: { onePerCitizen: false },
    telling: ONLY_IDS,
    by: 'acknowledged-booking-stays',
  },
  { fault: 'cancels-nothing', declared: { keys: false, onePerCitizen: false }, by: 'model' },
  {
    fault: 'cancels-nothing',
    declared: { cancelsBy: 'citizen', keys: false },
    telling: BY_CITIZEN,
    by: 'model',
  },
  { fault: 'cancels-nothing', declared: LAGGING, by: 'reads-lag-no-longer-than-promised' },
  { fault: 'acknowledges-a-second-cancel', declared: {}, by: 'cancellation-frees-one-seat-once' },
  { fault: 'closes', declared: { closing: false, keys: false }, by: 'model' },
  { fault: 'lets-others-cancel', declared: { ownCancelOnly: true }, by: 'own-cancel-only' },
  { fault: 'lags-longer', declared: LAGGING, by: 'reads-lag-no-longer-than-promised' },
  {
    fault: 'lags-longer',
    declared: { reads: { list: { staleMs: 60 } } },
    by: 'reads-lag-no-longer-than-promised',
  },
  { fault: 'lags-longer', declared: LAGGING, telling: ONLY_IDS, by: 'reads-lag-no-longer-than-promised' },
  { fault: 'lists-one-too-many', declared: { onePerCitizen: false }, by: 'model' },
  { fault: 'leaves-a-slot-out', declared: { closing: false }, telling: WITHOUT_CAPACITY, by: 'model' },
  { fault: 'books-again-for-a-key', declared: { onePerCitizen: false }, by: 'model' },
];

describe('wrong services are found', () => {
  for (const { fault, declared, telling, by } of WRONG) {
    it(`${fault} with ${JSON.stringify(declared)}`, { timeout: 120_000 }, () => {
      const found: (string | null)[] = [];
      for (let seed = 1; seed <= SEEDS_OF_WRONG; seed++) {
        found.push(ruledCity({ seed, declared, fault, ...(telling ? { telling } : {}) }));
      }
      expect(found.filter((broken) => broken !== null).length).toBeGreaterThanOrEqual(SEEDS_OF_WRONG / 2);
      expect(found).toContain(by);
    });
  }
});
