import { describe, expect, it } from 'vitest';
import { atLeastTls12 } from './tls-minimum.ts';

describe('TLS options', () => {
  it.each([
    ['a cipher that does not exist', { ciphers: 'nonsense' }],
    ['what is no certificate', { cert: 'x', key: 'y' }],
    ['a version that is too old', { minVersion: 'TLSv1.1' }],
  ])('are refused at once with %s: each dial would fail of it', (_title, options) => {
    expect(() => atLeastTls12('option tls', options)).toThrow(
      expect.objectContaining({
        code: 'HA_CONFIG',
        message: expect.stringContaining('option tls') as string,
      }),
    );
  });

  it('that Node takes are taken as they are, from TLS 1.2 on', () => {
    expect(atLeastTls12('option tls', { servername: 'db' })).toEqual({
      servername: 'db',
      minVersion: 'TLSv1.2',
    });
    expect(atLeastTls12('option tls', { minVersion: 'TLSv1.3' })).toEqual({ minVersion: 'TLSv1.3' });
  });
});
