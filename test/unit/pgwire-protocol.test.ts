/** The bytes of the PostgreSQL protocol: messages however they are cut, what they say, and SCRAM. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Answer, errorAnswer } from '../../runner/targets/pgwire/answer.ts';
import { freedomOf } from '../../runner/targets/pgwire/free.ts';
import { Grouping } from '../../runner/targets/pgwire/grouping.ts';
import { readError } from '../../runner/targets/pgwire/protocol/backend.ts';
import {
  closeStatement,
  errorResponse,
  FLUSH,
  int32,
  ownStatement,
  query,
  raising,
  readyForQuery,
  SYNC,
} from '../../runner/targets/pgwire/protocol/compose.ts';
import {
  type Message,
  MessageReader,
  ProtocolViolation,
} from '../../runner/targets/pgwire/protocol/framing.ts';
import { ScramClient, ScramServer, ScramVerifier } from '../../runner/targets/pgwire/protocol/scram.ts';
import { Spool } from '../../runner/targets/pgwire/protocol/spool.ts';
import { readStartup, startup } from '../../runner/targets/pgwire/protocol/startup.ts';
import { decodeValue } from '../../runner/targets/pgwire/protocol/values.ts';

function message(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(type), int32(bytes.length + 4), bytes]);
}

function read(...chunks: Buffer[]): Message[] {
  const reader = new MessageReader();
  const messages: Message[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next; next = reader.next()) messages.push(next);
  }
  return messages;
}

const STREAM = Buffer.concat([
  query('select 1'),
  SYNC,
  message('d', ''),
  message('D', Buffer.alloc(300, 7)),
  FLUSH,
  closeStatement('ü'),
]);

describe('framing', () => {
  test('messages are the same wherever the stream is cut in three', () => {
    const whole = read(STREAM);
    expect(whole.map(({ type }) => type).join('')).toBe('QSdDHC');
    for (let one = 0; one <= STREAM.length; one++) {
      for (let two = one; two <= STREAM.length; two += 7) {
        const cut = read(STREAM.subarray(0, one), STREAM.subarray(one, two), STREAM.subarray(two));
        expect(cut).toEqual(whole);
      }
    }
    expect(read(...Array.from(STREAM, (byte) => Buffer.of(byte)))).toEqual(whole);
  });

  test('any messages survive any cutting', () => {
    const part = fc.tuple(fc.constantFrom('Q', 'P', 'd'), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 })),
        (parts, sizes) => {
          const expected = parts.map(([type, body]) => message(type, Buffer.from(body)));
          const stream = Buffer.concat(expected);
          const chunks: Buffer[] = [];
          for (let at = 0, n = 0; at < stream.length; n++) {
            const size = sizes[n % sizes.length] ?? 3;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(read(...chunks).map(({ bytes }) => bytes)).toEqual(expected);
        },
      ),
      { seed: 16, numRuns: 300 },
    );
  });

  test('a large message in many pieces is copied once', () => {
    const large = message('d', Buffer.alloc(32 * 1024 * 1024));
    const chunks = Array.from({ length: Math.ceil(large.length / 4096) }, (_, n) =>
      large.subarray(n * 4096, (n + 1) * 4096),
    );
    let copied = 0;
    const concat = Buffer.concat;
    Buffer.concat = ((list: Buffer[], size?: number) => {
      const joined = concat(list, size);
      copied += joined.length;
      return joined;
    }) as typeof Buffer.concat;
    try {
      expect(read(...chunks)[0]?.bytes.length).toBe(large.length);
    } finally {
      Buffer.concat = concat;
    }
    expect(copied).toBeLessThan(large.length + 100);
  });

  test.each([[3], [-1], [0x7fff_ffff]])('a length of %i is refused', (length) => {
    expect(() => read(Buffer.concat([Buffer.from('Q'), int32(length)]))).toThrow(ProtocolViolation);
  });

  test('pieces of one chunk are joined without a copy', () => {
    const spool = new Spool();
    for (const { bytes } of read(STREAM)) spool.push(bytes);
    spool.push(Buffer.from(SYNC));
    expect(spool.pieces.length).toBe(2);
    expect(spool.pieces[0]?.buffer).toBe(STREAM.buffer);
    expect(Buffer.concat(spool.take())).toEqual(Buffer.concat([STREAM, SYNC]));
  });
});

test('a startup packet says who asks and for what', () => {
  const parameters: [string, string][] = [
    ['user', 'me'],
    ['options', '-c x=1'],
  ];
  expect(readStartup(startup(2, parameters))).toEqual({
    kind: 'startup',
    minor: 2,
    parameters: new Map(parameters),
  });
});

test('long values are told by their beginning, length and hash, so that they can be told apart', () => {
  const one = decodeValue(Buffer.alloc(100_000, 'x'), false);
  const other = decodeValue(Buffer.concat([Buffer.alloc(99_999, 'x'), Buffer.from('y')]), false);
  expect(one).toMatch(/^x{1024}… \(100000 bytes, [0-9a-f]{16}\)$/);
  expect(one).not.toBe(other);
  expect(decodeValue(Buffer.from([1, 255]), true)).toBe('01ff');
});

describe('groups', () => {
  const parse = (name: string, text: string) => message('P', `${name}\0${text}\0\0\0`);
  const bind = (portal: string, name: string, value: string) =>
    message(
      'B',
      Buffer.concat([
        Buffer.from(`${portal}\0${name}\0\0\0\0\x01`),
        int32(Buffer.byteLength(value)),
        Buffer.from(`${value}\0\0`),
      ]),
    );
  const execute = (portal: string) => message('E', `${portal}\0\0\0\0\0`);
  const requests = (...bytes: Buffer[]) => {
    const grouping = new Grouping();
    return read(Buffer.concat(bytes)).flatMap((each) => grouping.take(each));
  };

  test('a group has the statements that it executes, with the values that they are bound to', () => {
    const [first, second, third] = requests(
      parse('one', 'select $1'),
      bind('', 'one', 'ü'),
      execute(''),
      bind('p', 'one', 'b'),
      SYNC,
      execute('p'),
      execute('p'),
      FLUSH,
      query('select 2'),
    );
    expect(first).toMatchObject({
      kind: 'sync',
      named: ['one'],
      statements: [{ text: 'select $1', values: ['ü'] }],
    });
    expect(second).toMatchObject({ kind: 'flush' });
    expect(second?.statements.map(({ values }) => values)).toEqual([['b'], ['b']]);
    expect(third).toMatchObject({ kind: 'query', statements: [{ text: 'select 2', values: [] }] });
  });

  test('a Query in the middle of a pipeline is a group of its own, behind a Flush', () => {
    const found = requests(parse('', 'select 1'), query('select 2'));
    expect(found.map(({ kind }) => kind)).toEqual(['flush', 'query']);
    expect(Buffer.concat(found[0]?.bytes.pieces ?? []).subarray(-5)).toEqual(FLUSH);
  });

  test('what was prepared is forgotten when it is closed', () => {
    const found = requests(
      parse('one', 'select 1'),
      closeStatement('one'),
      bind('', 'one', ''),
      execute(''),
      SYNC,
    );
    expect(found[0]?.statements[0]?.text).toBe('(statement prepared elsewhere)');
  });
});

describe('answers', () => {
  const told = (answer: Answer) => read(...answer.takeBytes());
  const row = message('D', Buffer.concat([Buffer.of(0, 1), int32(1), Buffer.from('7')]));

  test('an error takes the place of the result of the last statement alone', () => {
    const answer = new Answer([{ type: 'B' }, { type: 'E' }, { type: 'B' }, { type: 'E' }], true);
    for (const bytes of [message('2', ''), row, message('C', 'SELECT 1\0'), message('2', ''), row]) {
      answer.take({ type: bytes.toString('latin1', 0, 1), bytes });
    }
    answer.take({ type: 'C', bytes: message('C', 'SELECT 1\0') });
    answer.take({ type: 'Z', bytes: readyForQuery('T') });
    answer.replaceByError('40001', 'no');
    answer.readyAs('E');
    const messages = told(answer);
    expect(messages.map(({ type }) => type).join('')).toBe('2DC2EZ');
    expect(readError(messages[4]?.bytes as Buffer)).toEqual({ code: '40001', message: 'no' });
    expect(messages[5]?.bytes.toString('latin1', 5)).toBe('E');
    expect(answer).toMatchObject({ tags: ['SELECT 1'], error: { code: '40001' } });
  });

  test('an answer to a Flush is whole with its last message, or with an error', () => {
    const flush = () => new Answer([{ type: 'P' }, { type: 'B' }], false);
    const whole = flush();
    whole.take({ type: '1', bytes: message('1', '') });
    expect(whole.isWhole).toBe(false);
    whole.take({ type: '2', bytes: message('2', '') });
    expect(whole.isWhole).toBe(true);
    const failed = flush();
    failed.take({ type: 'E', bytes: errorResponse('42601', 'no') });
    expect(failed.isWhole).toBe(true);
    expect(
      told(errorAnswer('40001', 'no', null))
        .map(({ type }) => type)
        .join(''),
    ).toBe('E');
  });

  test("the client hears nothing of what the gate's own messages are answered", () => {
    const answer = new Answer([{ type: 'C', isOurs: true }, { type: 'C' }, { type: 'P' }], true);
    for (const type of ['3', '3', '1']) answer.take({ type, bytes: message(type, '') });
    expect(
      told(answer)
        .map(({ type }) => type)
        .join(''),
    ).toBe('31');
  });

  test('of many rows the first are kept, and all are counted', () => {
    const answer = new Answer([], true);
    for (let n = 0; n < 500; n++) answer.take({ type: 'D', bytes: row });
    expect(answer.rowCount).toBe(500);
    expect(answer.rows.length).toBe(200);
    expect(answer.rows[0]).toEqual(['7']);
  });
});

test('a statement of the gate is closed before and after', () => {
  expect(
    read(ownStatement('select 1'))
      .map(({ type }) => type)
      .join(''),
  ).toBe('CCPBECCS');
  expect(raising('40001', "it's 100 %")).toContain("'it''s 100 %' using errcode = '40001'");
});

describe('SCRAM', () => {
  const exchange = (known: string, said: string) => {
    const server = new ScramServer(new ScramVerifier(known));
    const client = new ScramClient(said);
    const first = server.first(client.first());
    const final = first && server.final(client.final(first));
    if (final) client.verify(final);
    return final;
  };

  test('who knows the password comes in, and nobody else', () => {
    expect(exchange('pä ss', 'pä ss')).toMatch(/^v=/);
    expect(exchange('secret', 'Secret')).toBeNull();
    expect(exchange('secret', '')).toBeNull();
  });

  test('a client notices a server that does not know the password', () => {
    const client = new ScramClient('secret');
    const server = new ScramServer(new ScramVerifier('secret'));
    client.final(server.first(client.first()) as string);
    expect(() => client.verify('v=AAAA')).toThrow('does not know the password');
    expect(() => new ScramClient('secret').final('r=other,s=AAAA,i=4096')).toThrow('nonce');
  });

  test.each([
    ['channel binding', 'p=tls-server-end-point,,n=,r=abc'],
    ['no nonce', 'n,,n=,r='],
    ['nonsense', 'hello'],
  ])('%s is refused', (_, first) => {
    expect(new ScramServer(new ScramVerifier('x')).first(first)).toBeNull();
  });

  test.each(['', 'c=biws', 'c=biws,r=other,p=AAAA', 'p=AAAA'])(
    'a final message of "%s" is refused',
    (final) => {
      const server = new ScramServer(new ScramVerifier('x'));
      server.first('n,,n=,r=abc');
      expect(server.final(final)).toBeNull();
    },
  );
});

test.each([
  ['begin', true, false],
  ['BEGIN;', true, false],
  ['/* traced */ START TRANSACTION ISOLATION LEVEL REPEATABLE READ', true, false],
  ['begin; set local lock_timeout = 5', true, false],
  ["set application_name = 'a;b'", false, false],
  ['set constraints all immediate', false, false],
  ['', false, true],
  ['select 1', false, true],
  ['SELECT version() /* ping */', false, true],
  ['show transaction_isolation', false, true],
  ['select t.oid from pg_catalog.pg_type t join pg_namespace n on true', false, true],
  ['select * from pg_type, slots', false, false],
  ['select a, b from pg_type t, pg_class c where t.oid = c.oid group by a, b', false, true],
  ['select * from pg_type where exists (select 1 from slots)', false, false],
  ['select 1 from slots join pg_type on true', false, false],
  ["select nextval('s') from pg_type", false, false],
  ['select pg_advisory_lock(1)', false, false],
  ['commit', false, false],
  ['begin; insert into t values (1)', false, false],
  ['insert into pg_type_copies select * from pg_type', false, false],
])('"%s" opens: %s, looks up: %s', (text, opens, looksUp) => {
  expect(freedomOf(text)).toMatchObject({ opens, looksUp });
});
