/** Secrets that a run meets, each with a mark that must be found nowhere afterwards. */

/** Secrets of the environment, which are known by their values: names of variables, and what they hold. */
export const CANARY_ENVIRONMENT = {
  BOOKING_API_TOKEN: 'value-of-canary01',
  DB_PASSWORD: 'p"ss\\wörd & canary02',
  AWS_SECRET_ACCESS_KEY: 'abcdCanary03/efgh+ijkl',
  UPSTREAM_URL: 'https://svc:value-canary04@upstream.example/path',
} as const;

const { BOOKING_API_TOKEN, DB_PASSWORD, AWS_SECRET_ACCESS_KEY } = CANARY_ENVIRONMENT;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What is searched for (in lower case), and the text in which the secret occurs. */
export const CANARIES: readonly (readonly [mark: string, text: string])[] = [
  ['canary01', `the token is ${BOOKING_API_TOKEN}, said the service`],
  ['canary02', `login with ${DB_PASSWORD} failed`],
  [encodeURIComponent(DB_PASSWORD).toLowerCase(), `login?p=${encodeURIComponent(DB_PASSWORD)}`],
  ['canary03', `key ${AWS_SECRET_ACCESS_KEY} is wrong`],
  [base64(AWS_SECRET_ACCESS_KEY).toLowerCase(), `encoded: ${base64(AWS_SECRET_ACCESS_KEY)}`],
  ['canary04', 'the password is value-canary04, it seems'],
  ['canary05', 'Authorization: Bearer canary05.abc.def'],
  [base64('user:canary06').toLowerCase(), `Authorization: Basic ${base64('user:canary06')}`],
  ['canary07', '{"headers":{"authorization":"Bearer canary07"}}'],
  ['canary08', 'sent Bearer canary08-and-some-more in a log line'],
  ['canary09', '-----BEGIN RSA PRIVATE KEY-----\nMIIEcanary09\nabcd==\n-----END RSA PRIVATE KEY-----'],
  ['canary10', '-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaCcanary10'],
  ['canary11', 'connect postgres://admin:canary11@db.internal:5432/prod failed'],
  ['canary12', 'GET https://canary12@api.example/v1'],
  ['canary13', 'sct_0123456789ab_canary13canary13canary13'],
  ['canary14', 'sci_canary14canary14canary14'],
  ['canary15', 'Cookie: session=canary15; theme=dark'],
  ['canary16', 'Set-Cookie: sid=canary16; HttpOnly'],
  ['canary17', '{"user":"me","password":"canary17"}'],
  ['canary18', 'https://api.example/v1?access_token=canary18&x=1'],
  ['canary19', 'export PGPASSWORD=canary19'],
  ['canary20', 'X-Api-Key: canary20'],
  ['canary21', '{\\"client_secret\\": \\"canary21\\"}'],
];

/** Marks of those that occur in `text`. */
export function canariesIn(text: string): string[] {
  const lower = text.toLowerCase();
  return CANARIES.map(([mark]) => mark).filter((mark) => lower.includes(mark));
}
