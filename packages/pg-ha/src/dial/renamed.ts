import type { QueryConfig } from 'pg';

/**
 * A copy of a statement's config under another name, or none; the app's own stays as it is. What pg reads may be the getters of
 * a class, as with tagged templates: a spread alone would lose the text, and an empty statement is run without an error.
 */
export function renamed<C extends QueryConfig>(config: C, name: string | undefined): C {
  const { text, values, types, rowMode } = config as C & { rowMode?: unknown };
  return { ...config, text, values, types, rowMode, name };
}
