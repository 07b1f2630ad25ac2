import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildReport } from '../report/build-report.ts';
import { type Document } from '../report/document.ts';
import { renderHtml } from '../report/html.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { type BenchResult } from '../result.ts';
import { readResult } from '../result-file.ts';
import { makeFolder, readArguments, UsageError, type Command } from './command.ts';

type Writer = (document: Document, result: BenchResult) => string;

const FORMATS: Readonly<Record<string, { readonly file: string; readonly write: Writer }>> = {
  html: { file: 'report.html', write: renderHtml },
  markdown: { file: 'report.md', write: renderMarkdown },
  json: {
    file: 'report.json',
    write: (document, result) => `${JSON.stringify({ ...document, result }, undefined, 2)}\n`,
  },
};

export const reportCommand: Command = {
  name: 'report',
  usage: `What a run has found, as one HTML file, as Markdown and as JSON.

  steadfast-bench report <result.json> [--out <folder>] [--format html,markdown,json]

  --out     where report.html, report.md and report.json are written; default: beside the result
  --format  which of them; default html,markdown`,
  async run(argv) {
    const { values, files } = readArguments(
      argv,
      { out: { type: 'string' }, format: { type: 'string', default: 'html,markdown' } },
      ['<result.json>'],
    );
    const file = files[0] ?? '';
    const formats = readFormats(values.format);
    for (const written of await writeReport(
      await readResult(file),
      values.out ?? path.dirname(file),
      formats,
    ))
      console.log(written);
  },
};

/** Writes a report in each of the formats into a folder, which is made where it is missing; resolves with the files. */
export async function writeReport(
  result: BenchResult,
  folder: string,
  formats: readonly string[] = ['html', 'markdown'],
): Promise<readonly string[]> {
  const document = buildReport(result);
  makeFolder(folder);
  const written: string[] = [];
  for (const name of formats) {
    const format = FORMATS[name];
    if (!format) continue;
    const file = path.join(folder, format.file);
    await writeFile(file, format.write(document, result));
    written.push(file);
  }
  return written;
}

function readFormats(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(FORMATS, name));
  if (unknown === undefined) return names;
  throw new UsageError(
    `--format is '${text}'; allowed: ${Object.keys(FORMATS).join(', ')}, or several with commas`,
  );
}
