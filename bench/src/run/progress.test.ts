import { describe, expect, it } from 'vitest';
import { leftOf, Progress } from './progress.ts';

describe('the time that is left', () => {
  it.each([
    ['as planned', 60_000, 60_000, 120_000, '60 s'],
    ['twice as slow as planned', 120_000, 60_000, 120_000, '2 min'],
    ['over', 100, 120_000, 120_000, '0 s'],
    ['not begun', 0, 0, 600_000, '0 s'],
  ])('%s', (_, took, done, planned, left) => {
    expect(leftOf(took, done, planned)).toBe(left);
  });
});

describe('progress', () => {
  const written = (isTTY: boolean): string[] => {
    const all: string[] = [];
    const progress = new Progress(100, { write: (text) => all.push(text), isTTY });
    progress.done(50, 'first');
    progress.done(50, 'second');
    progress.say('something');
    return all;
  };

  it('is one line on a terminal', () => {
    const lines = written(true);
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.startsWith('\r'))).toBe(true);
    expect(lines[1]).toMatch(/\[100 %, 0 s left\] second$/);
  });

  it('is a line now and then elsewhere, but says what matters', () => {
    expect(written(false)).toEqual([expect.stringMatching(/^\[50 %, .* left\] first\n$/), 'something\n']);
  });
});
