import { choice, type Setting } from '@steadfast/shared';
import { UsageError } from '../commands/command.ts';
import { type Currency, type Skill } from '../costs/figures.ts';
import { USD_PER_EUR } from '../costs/money.ts';

export interface Money {
  readonly amount: number;
  readonly currency: Currency;
}

/** What a plan is made from. */
export interface Answers {
  readonly for: 'both' | 'postgres' | 'redis';
  /** of a month, for all that is asked for together, without work */
  readonly budget: Money;
  readonly skills: Skill;
  /** where data may be: on machines of one's own, in a region that is named, or anywhere */
  readonly residency: 'own' | 'region' | 'any';
  /** the most acknowledged work that a failover may lose, ms; 0: none */
  readonly rpoMs: number;
  /** the longest that an unplanned failover may last, ms */
  readonly rtoMs: number;
  /** of PostgreSQL's data, GB */
  readonly storageGb: number;
  /** of Redis's data, GB */
  readonly memoryGb: number;
  /** what an hour of work costs, in the budget's currency; 0: work is not counted */
  readonly hourCost: number;
  readonly usdPerEur: number;
}

export interface Question<K extends keyof Answers = keyof Answers> {
  readonly key: K;
  readonly flag: string;
  readonly question: string;
  readonly setting: Setting<Answers[K]>;
  /** as it would be typed */
  readonly default: string;
  /** asked at a terminal; the others have defaults that do for most */
  readonly asked: boolean;
  /** what it is about, where that is not all */
  readonly about?: 'postgres' | 'redis';
}

const SECOND = 1_000;
const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND,
  min: 60 * SECOND,
  h: 3_600 * SECOND,
};

/** A time with its unit: a bare number would be taken for seconds by one and for milliseconds by another. */
function time(min: number, max: number, allowed: string): Setting<number> {
  return {
    allowed: `${allowed}, with its unit: 500ms, 30s, 2min, 1h`,
    read(raw) {
      const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*$/.exec(String(raw));
      const value = match ? Number(match[1]) * (TIME_UNITS[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

function gigabytes(max: number): Setting<number> {
  return {
    allowed: `a size up to ${max} GB: 20GB, 0.5GB, 2TB`,
    read(raw) {
      const match = /^\s*(\d+(?:\.\d+)?)\s*(GB|TB)?\s*$/i.exec(String(raw));
      const value = match ? Number(match[1]) * (match[2]?.toUpperCase() === 'TB' ? 1_024 : 1) : 0;
      return value > 0 && value <= max ? value : undefined;
    },
  };
}

function decimal(min: number, max: number): Setting<number> {
  return {
    allowed: `a number from ${min} to ${max}`,
    read(raw) {
      const value = /^\s*\d+(?:\.\d+)?\s*$/.test(String(raw)) ? Number(raw) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

const MAX_BUDGET = 100_000;
const MONEY: Setting<Money> = {
  allowed: `an amount from 0 to ${MAX_BUDGET} with EUR or USD behind it: 60EUR, 80 USD (EUR where there is none)`,
  read(raw) {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(EUR|USD)?\s*$/i.exec(String(raw));
    const amount = match ? Number(match[1]) : Number.NaN;
    const currency = (match?.[2]?.toUpperCase() ?? 'EUR') as Currency;
    return amount <= MAX_BUDGET ? { amount, currency } : undefined;
  },
};

const question = <K extends keyof Answers>(one: Question<K>): Question => one as unknown as Question;

export const QUESTIONS: readonly Question[] = [
  question({
    key: 'for',
    flag: 'for',
    question: 'Which databases is it about',
    setting: choice<Answers['for']>(['both', 'postgres', 'redis']),
    default: 'both',
    asked: true,
  }),
  question({
    key: 'budget',
    flag: 'budget',
    question: 'What may they cost a month together, work not counted',
    setting: MONEY,
    default: '80EUR',
    asked: true,
  }),
  question({
    key: 'skills',
    flag: 'skills',
    question:
      'What can your team do: basic (settings, TLS), administration (PostgreSQL or Redis, and Linux servers), advanced (also Patroni, etcd and Swarm networking)',
    setting: choice<Skill>(['basic', 'administration', 'advanced']),
    default: 'administration',
    asked: true,
  }),
  question({
    key: 'residency',
    flag: 'residency',
    question:
      'Where may the data be: own (your own or rented machines), region (a provider, in a region that you name), any',
    setting: choice<Answers['residency']>(['own', 'region', 'any']),
    default: 'region',
    asked: true,
  }),
  question({
    key: 'rpoMs',
    flag: 'rpo',
    question: 'How much acknowledged work may a failover lose (RPO); 0s for none',
    setting: time(0, 24 * 3_600 * SECOND, '0s to 24h'),
    default: '10s',
    asked: true,
  }),
  question({
    key: 'rtoMs',
    flag: 'rto',
    question: 'How long may an unplanned failover last (RTO)',
    setting: time(SECOND, 24 * 3_600 * SECOND, '1s to 24h'),
    default: '2min',
    asked: true,
  }),
  question({
    key: 'storageGb',
    flag: 'storage',
    question: "How large are PostgreSQL's data",
    setting: gigabytes(65_536),
    default: '10GB',
    asked: true,
    about: 'postgres',
  }),
  question({
    key: 'memoryGb',
    flag: 'memory',
    question: "How large are Redis's data",
    setting: gigabytes(1_024),
    default: '1GB',
    asked: true,
    about: 'redis',
  }),
  question({
    key: 'hourCost',
    flag: 'hour-cost',
    question: "What does an hour of your team's work cost, in the budget's currency; 0 leaves work out",
    setting: decimal(0, 1_000),
    default: '50',
    asked: true,
  }),
  question({
    key: 'usdPerEur',
    flag: 'usd-per-eur',
    question: 'How many dollars is a euro',
    setting: decimal(0.5, 2),
    default: String(USD_PER_EUR),
    asked: false,
  }),
];

/** @throws UsageError that names the flag, the value and what is allowed */
export function readAnswer(one: Question, raw: string): Answers[keyof Answers] {
  const value = one.setting.read(raw);
  if (value === undefined) throw new UsageError(`--${one.flag} is '${raw}'; allowed: ${one.setting.allowed}`);
  return value;
}

/** Whether a question is about what is asked for at all. */
export function concerns({ about }: Question, wanted: Answers['for']): boolean {
  return about === undefined || wanted === 'both' || about === wanted;
}

/**
 * Answers from flags; what was not given has its default.
 * @throws UsageError for what is not allowed, and for answers that contradict each other
 */
export function readAnswers(given: Readonly<Record<string, string | undefined>>): Answers {
  const answers = Object.fromEntries(
    QUESTIONS.map((one) => [one.key, readAnswer(one, given[one.flag] ?? one.default)]),
  ) as unknown as Answers;
  for (const one of QUESTIONS) {
    if (given[one.flag] !== undefined && !concerns(one, answers.for))
      throw new UsageError(`--${one.flag} is about ${one.about}, but --for is ${answers.for}`);
  }
  return answers;
}
