import { describe, expect, it } from 'vitest';
import { certificateRefusal } from './certificate-refusal.ts';

const rows: [code: string, says: RegExp][] = [
  ['CERT_HAS_EXPIRED', /not valid now; whoever runs the server must renew it/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /made for another name/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /PG_HA_CA \/ca\.pem does not vouch for it; set it to/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /PG_HA_CA \/ca\.pem does not vouch for it/],
];

describe('certificateRefusal', () => {
  it.each(rows)('%s names the server and says what to do', (code, says) => {
    const cause = Object.assign(new Error('as OpenSSL puts it'), { code });
    const refusal = certificateRefusal(cause, 'db.example:5432', 'PG_HA_CA /ca.pem');
    expect(refusal).toMatchObject({
      code: 'HA_CONFIG',
      outcome: 'notSent',
      member: 'db.example:5432',
      cause,
    });
    expect(refusal?.message).toMatch(
      /^the certificate of db\.example:5432 was refused \(\w+ as OpenSSL puts it\)/,
    );
    expect(refusal?.message).toMatch(says);
  });

  it.each([new Error('x'), Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), null, 'x'])(
    'is none of %s',
    (other) => {
      expect(certificateRefusal(other, 'm', 't')).toBeUndefined();
    },
  );
});
