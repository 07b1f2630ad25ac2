import fc from 'fast-check';
import { readCertificates, readKey } from '@steadfast/shared';
import { target, type Target } from '../target.ts';
import { ensure, takenOrRefused } from './promises.ts';
import { mutatedPem } from './words.ts';

const given = fc.oneof(
  { weight: 6, arbitrary: mutatedPem },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/dev/null', '/dev/zero', '/', '/nowhere.pem', 'a\0b', '/etc/hostname'),
  },
);

export const certificates: readonly Target[] = [
  target('PEM: certificates and keys', 8, given, (pem) => {
    const certificate = takenOrRefused(() => readCertificates('PG_HA_CA', pem));
    ensure(certificate === undefined || certificate.includes('BEGIN CERTIFICATE'), 'it holds none');
    const key = takenOrRefused(() => readKey('PGSSLKEY', pem));
    ensure(key === undefined || key.includes('PRIVATE KEY'), 'it holds none');
  }),
];
