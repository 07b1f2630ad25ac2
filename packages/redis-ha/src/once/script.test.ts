import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { withProof } from './script.ts';

describe('a script inside its proof', () => {
  it('begins on the first line, so that the line numbers in its errors stay right', () => {
    const [first = '', second = ''] = withProof('return 1\nreturn 2 -- the last').lua.split('\n');
    expect(first).toMatch(/^local proof = .*\(KEYS, ARGV\) return 1$/);
    expect(second).toBe('return 2 -- the last');
  });

  it('may end in a comment: what follows has a line of its own', () => {
    expect(withProof('return 1 -- one').lua).toMatch(/return 1 -- one\nend, /);
  });

  it('is known by the hash of its text', () => {
    const { lua, sha } = withProof('return 3');
    expect(sha).toBe(createHash('sha1').update(lua).digest('hex'));
  });

  it('is wrapped once, as long as programs have few', () => {
    expect(withProof('return 4')).toBe(withProof('return 4'));
    const first = withProof('return 5');
    for (let n = 0; n < 200; n++) withProof(`return 'made up: ${n}'`);
    expect(withProof('return 5')).not.toBe(first);
    expect(withProof('return 5')).toEqual(first);
  });
});
