import type { Operation } from './workload.ts';

/**
 * Draws operations by their weights. With `readOnly` only those that leave the data alone; where they all have weight 0
 * each is as likely. Throws where none is left, naming the workload.
 */
export function operationPicker<Client>(
  workload: string,
  operations: readonly Operation<Client>[],
  readOnly: boolean,
): (random: () => number) => Operation<Client> {
  const able = operations.filter((operation) => !readOnly || operation.readOnly);
  const total = able.reduce((sum, { weight }) => sum + weight, 0);
  const [first] = able;
  if (!first)
    throw new Error(`workload '${workload}' has nothing that only reads; run it without --read-only`);
  return (random) => {
    let left = random() * (total || able.length);
    return able.find(({ weight }) => (left -= total ? weight : 1) < 0) ?? first;
  };
}
