import { type Document, type Section, type Table } from './document.ts';

/** A report as Markdown: all of its texts and tables; charts are in the tables too. */
export function renderMarkdown({ title, subtitle, sections }: Document): string {
  return `# ${escape(title)}\n\n${escape(subtitle)}\n\n${sections.map(section).join('\n')}`;
}

function section({ title, text = [], warnings = [], points = [], tables = [], code }: Section): string {
  const blocks = [
    `## ${escape(title)}`,
    ...warnings.map((warning) => `> **Warning:** ${escape(warning)}`),
    ...text.map(paragraph),
    ...(points.length > 0 ? [points.map((point) => `- ${paragraph(point)}`).join('\n')] : []),
    ...tables.map(markdownTable),
    ...(code === undefined ? [] : [fenced(code)]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

export function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `**${escape(title)}**`,
    '',
    line(columns.map((column) => escape(column.title))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(escape))),
  ].join('\n');
}

/** A fence longer than any that the text has. */
function fenced(code: string): string {
  const longest = Math.max(0, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}sh\n${code}\n${fence}`;
}

/**
 * What Markdown would take for something else, and line ends, which would end a table. Brackets stay, where no link could come of
 * them: intervals have many.
 */
function escape(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\`*_<|~]|\](?=[([:])/g, '\\$&');
}

/** Nor at the start of a line, where a list, a heading or a quote would begin. */
function paragraph(text: string): string {
  return escape(text).replace(/^(?:[#>+-]|\d+(?=[.)] ))/, '\\$&');
}
