const BEGIN = '<!-- campaign: begin, written by `pnpm campaign --publish` -->';
const END = '<!-- campaign: end -->';

/** The text with what stands between the markers replaced; without markers it is added at the end. */
export function between(text: string, content: string): string {
  // Tables stay as they are written: nobody has to format them.
  const block = `${BEGIN}\n<!-- prettier-ignore-start -->\n\n${content.trim()}\n\n<!-- prettier-ignore-end -->\n${END}`;
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) return `${text.trimEnd()}\n\n${block}\n`;
  return `${text.slice(0, begin)}${block}${text.slice(end + END.length)}`;
}
