/** Secrets never get into what is written, and what is none stays as it is. */
import { describe, expect, it, test } from 'vitest';
import { sealedForensic, sealedJson } from '../../runner/telemetry/seal.ts';
import {
  createRedactor,
  type Forensic,
  forensicSchema,
  secretsOfEnvironment,
} from '../../server/contract/index.ts';
import { CANARIES, CANARY_ENVIRONMENT, canariesIn } from '../helpers/canaries.ts';

const redactor = createRedactor(secretsOfEnvironment(CANARY_ENVIRONMENT));

describe('a redactor', () => {
  it.each(CANARIES)('takes %s out of plain text', (_, text) => {
    expect(canariesIn(text)).not.toEqual([]);
    expect(canariesIn(redactor.text(`before ${text} after`))).toEqual([]);
  });

  it.each(CANARIES)('takes %s out of JSON, which stays JSON', (_, text) => {
    const event = { index: 1, data: { answer: text, list: [{ deep: text }] }, [text]: true };
    const clean = redactor.text(JSON.stringify(event));
    expect(canariesIn(clean)).toEqual([]);
    expect(JSON.parse(clean)).toMatchObject({ index: 1 });
  });

  it.each([
    '{"type":"book.ok","actor":"citizen-001","data":{"op":1,"slot":"slot-003","booking":"booking-17","key":"k-1"}}',
    'a basic understanding of the bearer of bad news',
    'http://127.0.0.1:4600/api/ops/simcity/runs?limit=1',
    'postgres is read-committed; author: me',
    'mail me@example.com about https://example.com/a@b',
  ])('leaves %s as it is', (text) => {
    expect(redactor.text(text)).toBe(text);
  });

  it('does not take short values for secrets, which would spoil words', () => {
    expect(createRedactor(['postgres'.slice(0, 4), 'abc']).text('post abc')).toBe('post abc');
  });

  it('finds the values in an environment by the names of the variables', () => {
    const env = {
      PATH: '/bin',
      MY_TOKEN: 'aaaaaaaa',
      home_passwd: 'bbbbbbbb',
      X: 'http://u:cccccccc@h',
      N: undefined,
    };
    expect(secretsOfEnvironment(env).sort()).toEqual(['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'cccccccc']);
  });
});

const bundle: Forensic = forensicSchema.parse({
  version: 1,
  kind: 'invariant',
  invariant: 'no-overbooking',
  message: 'the service said: Authorization: Bearer canary05.abc.def',
  eventIndex: 3,
  virtualMs: 1,
  operation: { note: 'it is value-of-canary01' },
  actual: null,
  expected: null,
  object: 'slot-001',
  history: [],
  lastEvents: [],
  city: null,
  difference: [],
  faultsActive: [],
  seed: 7,
  config: {},
  versions: {},
  reproduce: 'npx simcity run --seed 7',
});

describe('a bundle', () => {
  test('holds no part of a key that a process printed over several lines', () => {
    const key = ['-----BEGIN PRIVATE KEY-----', 'MIIEcanary09', 'abcd', '-----END PRIVATE KEY-----'];
    const process = { stdout: ['up', ...key, 'on'], stderr: [...key.slice(1), 'bye'], exitCode: 3 };
    expect(sealedForensic({ ...bundle, process }, redactor).process).toEqual({
      stdout: ['up', '***', 'on'],
      stderr: ['***', 'bye'],
      exitCode: 3,
    });
  });

  test('is stored without the secrets in it', () => {
    const sealed = sealedForensic(bundle, redactor);
    expect(sealed.message).toBe('the service said: Authorization: ***');
    expect(sealed.operation).toEqual({ note: 'it is ***' });
    expect(sealed.reproduce).toBe(bundle.reproduce);
  });

  test.each([
    ['cannot be masked', { text: (text: string) => text, finds: () => true }],
    [
      'are masked by what throws',
      {
        text: () => {
          throw new Error('no');
        },
        finds: () => false,
      },
    ],
    ['are masked by what breaks the JSON', { text: () => '{"', finds: () => false }],
  ])('whose secrets %s is withheld, and the verdict stays', (_, broken) => {
    const sealed = sealedForensic(bundle, broken);
    expect(forensicSchema.parse(sealed)).toMatchObject({
      kind: 'invariant',
      invariant: 'no-overbooking',
      seed: 7,
    });
    expect(sealed.message).toContain('withheld');
    expect(canariesIn(JSON.stringify(sealed))).toEqual([]);
  });

  test('is in the report of the end like that', () => {
    const json = sealedJson({ status: 'FAIL', reason: 'password=canary19', failForensic: bundle }, redactor);
    expect(canariesIn(json)).toEqual([]);
    expect(JSON.parse(json)).toMatchObject({ status: 'FAIL', reason: 'password=***' });
  });
});
