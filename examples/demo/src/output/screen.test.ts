import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Screen } from './screen.ts';

function screenOn(properties: { isTTY: boolean; columns?: number }): { screen: Screen; shown: () => string } {
  const out = Object.assign(new PassThrough(), properties);
  const screen = new Screen(out as unknown as NodeJS.WriteStream);
  // What was written since the last look; newer Node.js hands it out write by write.
  const shown = (): string => {
    const read = (): Buffer | null => out.read() as Buffer | null;
    let text = '';
    for (let chunk = read(); chunk !== null; chunk = read()) text += chunk.toString();
    return text;
  };
  return { screen, shown };
}

describe('the screen', () => {
  it('writes live lines like any other where it is no terminal', () => {
    const { screen, shown } = screenOn({ isTTY: false });
    screen.live('one');
    screen.live('two');
    screen.endLive();
    screen.line('three');
    expect(shown()).toBe('one\ntwo\nthree\n');
  });

  it('draws the live line over on a terminal, and keeps it below the lines that stay', () => {
    const { screen, shown } = screenOn({ isTTY: true, columns: 20 });
    screen.live('one');
    screen.line('stays');
    screen.endLive();
    expect(shown()).toBe('one\r\u001b[2Kstays\none\r\u001b[2K');
  });

  it('cuts the live line to the width of the terminal, so that it never wraps', () => {
    const { screen, shown } = screenOn({ isTTY: true, columns: 6 });
    screen.live('a long line');
    expect(shown()).toBe('a lon');
  });

  it('underlines headings', () => {
    const { screen, shown } = screenOn({ isTTY: false });
    screen.heading('Result');
    expect(shown()).toBe('\nResult\n──────\n');
  });
});
