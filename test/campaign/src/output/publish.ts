/** The text with what stands between the markers of this command replaced; without markers it is added at the end. */
export function between(text: string, command: string, content: string): string {
  const name = command.split(' ').slice(1, -1).join(' ');
  const first = `<!-- ${name}: begin, written by \`${command}\` -->`;
  const last = `<!-- ${name}: end -->`;
  // Tables stay as they are written: nobody has to format them.
  const block = `${first}\n<!-- prettier-ignore-start -->\n\n${content.trim()}\n\n<!-- prettier-ignore-end -->\n${last}`;
  const begin = text.indexOf(first);
  const end = text.indexOf(last);
  if (begin === -1 || end < begin) return `${text.trimEnd()}\n\n${block}\n`;
  return `${text.slice(0, begin)}${block}${text.slice(end + last.length)}`;
}
