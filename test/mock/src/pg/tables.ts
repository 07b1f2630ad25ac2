/** What a cluster has stored: the values of the first column of each table, in order of their commits. */
export class Tables {
  readonly #rows = new Map<string, Map<string, string[]>>();
  /** tables whose first column is a key */
  readonly #keyed: ReadonlySet<string>;

  constructor(keyed: readonly string[] = ['steadfast_commit_proof']) {
    this.#keyed = new Set(keyed);
  }

  isKeyed(table: string): boolean {
    return this.#keyed.has(table);
  }

  /** The other columns of a row of a keyed table. */
  row(table: string, key: string): string[] | undefined {
    return this.#rows.get(table)?.get(key);
  }

  /** How often a value has been stored. */
  count(table: string, value: string): number {
    const rows = this.#rows.get(table);
    if (!rows) return 0;
    return this.#keyed.has(table) ? Number(rows.has(value)) : (rows.get(value)?.length ?? 0);
  }

  store(table: string, [value = '', ...rest]: readonly string[]): void {
    const rows = this.#rows.get(table) ?? new Map<string, string[]>();
    this.#rows.set(table, rows);
    if (this.#keyed.has(table)) rows.set(value, rest);
    else rows.set(value, [...(rows.get(value) ?? []), '']);
  }

  clear(): void {
    this.#rows.clear();
  }
}
