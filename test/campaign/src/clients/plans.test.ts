import { appendsOf, transactionOf, type Call } from '@steadfast/check';
import { expect, it } from 'vitest';
import { callOfElement, listPlan, OPENED, transferPlan, type Turn } from './plans.ts';

const turns: Turn[] = Array.from({ length: 400 }, (_, index) => {
  const writer = index % 8;
  const n = Math.floor(index / 8);
  return { id: `${writer}-${n}`, writer, n };
});

it('lists are used by several calls and stay short, and every element belongs to one call', () => {
  const lengths = new Map<string, number>();
  const elements = new Set<string>();
  for (const turn of turns) {
    const call = { ...turn, intent: listPlan(turn), end: { as: 'open' } } as unknown as Call;
    const appends = appendsOf(transactionOf(call));
    expect(appends.length).toBeGreaterThan(0);
    for (const { key, element } of appends) {
      expect(callOfElement(element)).toBe(turn.id);
      expect(elements.has(element)).toBe(false);
      elements.add(element);
      lengths.set(key, (lengths.get(key) ?? 0) + 1);
    }
  }
  expect(lengths.size).toBe(6);
  expect(Math.min(...lengths.values())).toBeGreaterThan(10);
});

it('there are reads, appends to one and to two lists', () => {
  const shapes = new Set(
    turns.map((turn) =>
      listPlan(turn)
        .map(([what]) => what)
        .join(' '),
    ),
  );
  expect([...shapes].toSorted()).toEqual(['append append read', 'append read append', 'read append']);
});

it('transfers go between two accounts that there are', () => {
  const used = new Set<string>();
  for (const { from, to, amount } of turns.map(transferPlan)) {
    expect(from).not.toBe(to);
    expect(amount).toBeGreaterThan(0);
    used.add(from).add(to);
  }
  expect([...used].toSorted()).toEqual(Object.keys(OPENED).toSorted());
});

it('a call is planned the same each time', () => {
  const [turn] = turns as [Turn];
  expect([listPlan(turn), transferPlan(turn)]).toEqual([listPlan(turn), transferPlan(turn)]);
});
