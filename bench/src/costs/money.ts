import { type Currency, type Deployment, type Price } from './figures.ts';

/** What one euro costs in dollars where nothing else is said. An assumption, not a figure of the document: shown as such. */
export const USD_PER_EUR = 1.1;

const HOURS_PER_DAY = 8;
const MONTHS = 12;

/** An amount in another currency. */
export function inCurrency(amount: number, from: Currency, to: Currency, usdPerEur: number): number {
  if (from === to) return amount;
  return to === 'EUR' ? amount / usdPerEur : amount * usdPerEur;
}

/** A month's price as the span [low, high] in a currency. */
export function priceIn(price: Price, currency: Currency, usdPerEur: number): readonly [number, number] {
  return [
    inCurrency(price.low, price.currency, currency, usdPerEur),
    inCurrency(price.high, price.currency, currency, usdPerEur),
  ];
}

/** What a month costs with the work in it: maintenance, and the setup spread over the first year. */
export function monthWithWork(
  monthly: readonly [number, number],
  { setupDays, maintenanceHours }: Pick<Deployment, 'setupDays' | 'maintenanceHours'>,
  hourCost: number,
): readonly [number, number] {
  const work = (hours: number, days: number): number => (hours + (days * HOURS_PER_DAY) / MONTHS) * hourCost;
  return [
    monthly[0] + work(maintenanceHours.low, setupDays.low),
    monthly[1] + work(maintenanceHours.high, setupDays.high),
  ];
}
