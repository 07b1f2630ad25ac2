import { describe, expect, it } from 'vitest';
import { Script } from './script.ts';

describe('a script', () => {
  it('has the newest rule that fits apply, as often as it says', () => {
    const script = new Script();
    const old = script.add({ on: /^SELECT/, does: ['answer'] });
    const twice = script.add({ on: 'SELECT 1', does: ['hang'], times: 2 });
    const steps = [1, 2, 3].map(() => script.meet('SELECT 1')?.steps);
    expect(steps).toEqual([['hang'], ['hang'], ['answer']]);
    expect([old.met, twice.met]).toEqual([1, 2]);
    expect(script.meet('INSERT')).toBeUndefined();
  });

  it('forgets a rule that has ended, and all when it is cleared', () => {
    const script = new Script();
    script.add({ on: 'x', does: ['hang'] }).end();
    expect(script.meet('x')).toBeUndefined();
    script.add({ on: 'x', does: ['hang'] });
    script.clear();
    expect(script.meet('x')).toBeUndefined();
  });
});
