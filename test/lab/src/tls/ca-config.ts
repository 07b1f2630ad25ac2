export interface CertificateNames {
  commonName: string;
  /** DNS names the certificate is good for. */
  hostnames?: readonly string[];
  /** IP addresses the certificate is good for. */
  ips?: readonly string[];
}

/** The configuration of `openssl req` and `openssl ca`; its database lives in `dir`. */
export function caConfig(dir: string): string {
  return `
[ca]
default_ca = lab
[lab]
database = ${dir}/index.txt
new_certs_dir = ${dir}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = unused
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;
}

/** The extensions of one certificate, in the form `openssl ca -extfile` reads. */
export function extensionsFor(names: CertificateNames, clientAuth: boolean): string {
  const alternatives = [
    ...(names.hostnames ?? []).map((hostname) => `DNS:${hostname}`),
    ...(names.ips ?? []).map((ip) => `IP:${ip}`),
  ];
  for (const each of alternatives) {
    if (/[,\s]/.test(each)) throw new Error(`certificate name '${each}': a comma or a space is not allowed`);
  }
  if (alternatives.length === 0 && !clientAuth) {
    throw new Error(`certificate '${names.commonName}': a server needs at least one of hostnames, ips`);
  }
  return [
    'basicConstraints = critical, CA:false',
    'keyUsage = critical, digitalSignature',
    `extendedKeyUsage = ${clientAuth ? 'clientAuth' : 'serverAuth, clientAuth'}`,
    'authorityKeyIdentifier = keyid',
    ...(alternatives.length > 0 ? [`subjectAltName = ${alternatives.join(', ')}`] : []),
    '',
  ].join('\n');
}

/** A date as openssl takes it: YYYYMMDDHHMMSSZ. */
export function openSslDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new Error('notAfter: a valid Date is needed');
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
