import fc, { type Arbitrary } from 'fast-check';
import { mutated } from '../mutate.ts';
import { SECRET } from './promises.ts';

/** A password as people make them: with what URLs, shells and JSON cannot stand. */
export const password: Arbitrary<string> = fc
  .tuple(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('', '/', '@', '%', '?', '#', ':', '%2F', ' ', "'", '"', '\\', 'é'),
  )
  .map(([around, mark]) => `${around}${mark}${SECRET}${mark}`);

/** What a setting might be set to, right or nearly. */
export const nearlyRight: Arbitrary<string> = mutated(
  fc.constantFrom(
    ...[
      'single',
      'patroni',
      'haproxy',
      'hosts',
      'managed',
      'sentinel',
      'aiven',
      'digitalocean',
      'upstash',
      'redis-cloud',
    ],
    ...[
      '1',
      '0',
      '100',
      '5000',
      '14s',
      '500ms',
      '2 min',
      '1h',
      'true',
      'off',
      'yes',
      'debug',
      'silent',
      'random',
    ],
    ...[
      'h1',
      'h1:5432',
      'h1:5432,h2:5433',
      '[::1]:5432',
      '10.0.0.0/8,.example.org',
      'http://h1:8008,https://h2:8008',
    ],
    ...[
      'verify-full',
      'require',
      'primary',
      'standby',
      'any',
      'inline',
      'dedicated',
      'announced',
      'mymaster',
      '/tmp',
    ],
  ),
  1,
);

const line = fc.base64String({ minLength: 40, maxLength: 64 });
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUGPoZ5xBzV+aOeu6dG3xRZ7o5bV0wCgYIKoZIzj0EAwIw
-----END CERTIFICATE-----`;

/** PEM, more or less, with a secret in what is no certificate; in base64 too, as variables of containers often are. */
export const pemText: Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'CERTIFICATE', 'X509 CRL'),
    fc.array(line, { maxLength: 4 }),
    fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.replaceAll('\n', '\\n'),
      (text) => `${CERTIFICATE}\n${text}\n${text}`,
      (text) => text.split('\n').slice(1, -1).join('\n'),
      (text) => text.split('\n').slice(1, -1).join(''),
      (text) => `${Buffer.from(text).toString('base64')}${SECRET}`,
    ),
  )
  .map(([label, lines, wrap]) =>
    wrap([`-----BEGIN ${label}-----`, SECRET, ...lines, `-----END ${label}-----`].join('\n')),
  );

/** As {@link pemText}, changed here and there; what is left of a secret alone is none any more, and may be a path. */
export const mutatedPem: Arbitrary<string> = mutated(pemText).map((text) =>
  text.length < 60 ? text.replaceAll(SECRET, '') : text,
);
