import { type Priced } from '../costs/join.ts';
import { monthWithWork, priceIn } from '../costs/money.ts';
import { type Library } from '../result.ts';
import { type Answers } from './answers.ts';
import { candidatesFor, type Candidate } from './candidates.ts';
import { judge, type Judgement, type Objection } from './judge.ts';

/** A candidate with all that was found for and against it. */
export interface Weighed extends Judgement {
  readonly candidate: Candidate;
  /** a month's bill in the budget's currency */
  readonly bill: readonly [number, number];
  /** the same with the work in it: maintenance, and the setup spread over the first year */
  readonly withWork: readonly [number, number];
}

export interface StorePlan {
  readonly library: Library;
  readonly recommended?: Weighed;
  /** fit as well, cheapest first */
  readonly alternatives: readonly Weighed[];
  readonly ruledOut: readonly Weighed[];
}

export interface Plan {
  readonly answers: Answers;
  readonly stores: readonly StorePlan[];
}

/**
 * What to run, among the document's options: those that no answer rules out, cheapest together with their work. Nothing is
 * recommended for a database for which nothing is left.
 */
export function decide(answers: Answers, measured: readonly Priced[] = []): Plan {
  const stores = librariesOf(answers).map((library) => ({
    library,
    weighed: candidatesFor(library).map((candidate) => weigh(candidate, answers, measured)),
  }));
  const floors = stores.map(({ weighed }) =>
    Math.min(...fitting(weighed.map((one) => withinBudget(one, answers, 0))).map(({ bill }) => bill[0])),
  );
  return {
    answers,
    stores: choose(
      stores.map(({ library, weighed }, n) => {
        const others = floors.reduce(
          (sum, floor, m) => (m === n || !Number.isFinite(floor) ? sum : sum + floor),
          0,
        );
        return { library, weighed: weighed.map((one) => withinBudget(one, answers, others)) };
      }),
      answers,
    ),
  };
}

interface Store {
  readonly library: Library;
  readonly weighed: readonly Weighed[];
}

function librariesOf({ for: wanted }: Answers): Library[] {
  if (wanted === 'both') return ['pg', 'redis'];
  return [wanted === 'postgres' ? 'pg' : 'redis'];
}

function weigh(candidate: Candidate, answers: Answers, measured: readonly Priced[]): Weighed {
  const { budget, usdPerEur, hourCost } = answers;
  const bill = priceIn(candidate.price, budget.currency, usdPerEur);
  return {
    candidate,
    bill,
    withWork: monthWithWork(bill, candidate.deployment, hourCost),
    ...judge(candidate, answers, measured),
  };
}

const middle = ([low, high]: readonly [number, number]): number => (low + high) / 2;
const byCost = (a: Weighed, b: Weighed): number => middle(a.withWork) - middle(b.withWork);
const fitting = (weighed: readonly Weighed[]): Weighed[] =>
  weighed.filter(({ objections }) => objections.length === 0);

/** The budget is for all databases together: `others` is the least that the others cost. */
function withinBudget(weighed: Weighed, { budget }: Answers, others: number): Weighed {
  const least = weighed.bill[0] + others;
  if (least <= budget.amount) return weighed;
  const beside = others > 0 ? `, and the other database at least ${amount(others)} more` : '';
  const objection: Objection = {
    answer: 'budget',
    why: `it costs from ${amount(weighed.bill[0])} ${budget.currency} a month${beside}; the budget is ${amount(budget.amount)}`,
  };
  return { ...weighed, objections: [...weighed.objections, objection] };
}

function amount(value: number): string {
  return value.toFixed(0);
}

/** Of all that fits together into the budget, what costs least with its work. */
function choose(stores: readonly Store[], { budget }: Answers): StorePlan[] {
  let best: { readonly picks: readonly (Weighed | undefined)[]; readonly cost: number } | undefined;
  for (const picks of combinations(stores.map(({ weighed }) => fitting(weighed)))) {
    const chosen = picks.filter((pick) => pick !== undefined);
    if (chosen.reduce((sum, { bill }) => sum + bill[0], 0) > budget.amount) continue;
    const cost = chosen.reduce((sum, { withWork }) => sum + middle(withWork), 0);
    if (!best || cost < best.cost) best = { picks, cost };
  }
  return stores.map(({ library, weighed }, n) => {
    const recommended = best?.picks[n];
    return {
      library,
      ...(recommended ? { recommended } : {}),
      alternatives: fitting(weighed)
        .filter((one) => one !== recommended)
        .toSorted(byCost),
      ruledOut: weighed.filter(({ objections }) => objections.length > 0),
    };
  });
}

/** One of each list; of an empty one, nothing. */
function combinations(lists: readonly (readonly Weighed[])[]): (Weighed | undefined)[][] {
  return lists.reduce<(Weighed | undefined)[][]>(
    (sofar, list) =>
      sofar.flatMap((picks) => (list.length > 0 ? list : [undefined]).map((one) => [...picks, one])),
    [[]],
  );
}

/** What was ruled out by the fewest answers: where to give way, when nothing is left. */
export function nearest({ ruledOut }: StorePlan): Weighed | undefined {
  return ruledOut
    .filter(({ candidate }) => !candidate.offer?.gone)
    .toSorted((a, b) => a.objections.length - b.objections.length || byCost(a, b))[0];
}
