/** A whole number from 0 below `count`, each as likely. */
export function anyOf(count: number, random: () => number): number {
  return Math.min(count - 1, Math.floor(random() * count));
}

/** A whole number from 0 below `count`, the high ones far more often: what is new is what people look at. */
export function recentOf(count: number, random: () => number): number {
  return count - 1 - anyOf(count, () => random() ** 3);
}
