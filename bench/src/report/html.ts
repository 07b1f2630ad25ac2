import { type Chart, type Document, type LegendEntry, type Section, type Table } from './document.ts';
import { drawSvg } from './draw.ts';
import { STYLE } from './style.ts';

/** A report as one HTML file: no script, nothing from the network, light or dark as the reader's system is. */
export function renderHtml(document: Document): string {
  const { title, subtitle, sections } = document;
  const links = sections.map((one) => `<a href="#${escape(one.id)}">${escape(one.title)}</a>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escape(title)}, ${escape(subtitle)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p class="subtitle">${escape(subtitle)}</p>
<nav aria-label="Sections">
${links}
</nav>
</header>
<main>
${sections.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function section({ id, title, text, warnings, points, charts, tables, code }: Section): string {
  const parts = [
    `<h2>${escape(title)}</h2>`,
    ...(warnings ?? []).map((warning) => `<p class="warning">${escape(warning)}</p>`),
    ...(text ?? []).map((paragraph) => `<p>${escape(paragraph)}</p>`),
    points && points.length > 0
      ? `<ul class="points">${points.map((one) => `<li>${escape(one)}</li>`).join('')}</ul>`
      : '',
    ...(charts ?? []).map(figure),
    ...(tables ?? []).map(table),
    code === undefined ? '' : `<pre><code>${escape(code)}</code></pre>`,
  ];
  return `<section id="${escape(id)}">\n${parts.filter((part) => part !== '').join('\n')}\n</section>`;
}

/** Both widths are there, and the page shows the one that suits it: one drawing scaled down would not be readable. */
function figure(chart: Chart): string {
  const legend = chart.legend ? `<ul class="legend">${chart.legend.map(legendEntry).join('')}</ul>` : '';
  const drawing = (width: 'wide' | 'narrow'): string =>
    `<div class="chart ${width}" role="img" aria-label="${escape(`${chart.title}. ${chart.summary}`)}">${drawSvg(chart, width)}</div>`;
  return `<figure>\n<figcaption>${escape(chart.title)}</figcaption>\n${legend}\n${drawing('wide')}\n${drawing('narrow')}\n</figure>`;
}

function legendEntry({ name, look }: LegendEntry): string {
  const dash = look.dash.length > 0 ? ` stroke-dasharray="${look.dash.join(' ')}"` : '';
  const [x1, y1, x2, y2] = look.symbol === 'tick' ? [12, 1, 12, 13] : [1, 7, 23, 7];
  const line = `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${escape(look.color)}" stroke-width="${look.symbol === 'rect' ? 12 : 3}"${dash}/>`;
  return `<li><svg width="24" height="14" aria-hidden="true">${line}</svg>${escape(name)}</li>`;
}

/** A column with longer texts than this is made wide enough to read them in a few lines. */
const LONG_CELL = 24;

/** Wide tables scroll in themselves, so that the page never does. */
function table({ title, folded, columns, rows }: Table): string {
  const align = (n: number): string => {
    if (columns[n]?.align === 'right') return ' class="number"';
    return rows.some((row) => (row[n]?.length ?? 0) > LONG_CELL) ? ' class="long"' : '';
  };
  const head = columns.map((column, n) => `<th scope="col"${align(n)}>${escape(column.title)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, n) => `<td${align(n)}>${escape(cell)}</td>`).join('')}</tr>`,
  );
  const name = escape(title);
  const grid = `<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
  return folded
    ? `<details class="table"><summary>${name}</summary>${grid}</details>`
    : `<div class="table"><h3>${name}</h3>${grid}</div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}
