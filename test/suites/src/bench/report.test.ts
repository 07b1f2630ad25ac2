import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { exampleResult, type BenchResult } from '@steadfast/bench';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawings, pageWidth, type DrawingLook } from './look.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../../../bench/bin/steadfast-bench.mjs');
const HOSTILE = `<img src=x onerror="alert(1)">&'"|\`]`;

/** A report as the program writes it. */
async function report(folder: string, name: string, result: BenchResult): Promise<string> {
  const file = path.join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(result));
  const out = path.join(folder, name);
  await promisify(execFile)(process.execPath, [PROGRAM, 'report', file, '--out', out]);
  return pathToFileURL(path.join(out, 'report.html')).href;
}

/** A name that is markup, wherever a result has names. */
function hostile(result: BenchResult): BenchResult {
  const [target] = result.targets;
  const rename = (text: string): string => (text === target?.name ? HOSTILE : text);
  return JSON.parse(
    JSON.stringify({ ...result, notes: [HOSTILE], command: HOSTILE }, (_, value: unknown) =>
      typeof value === 'string' ? rename(value) : value,
    ),
  ) as BenchResult;
}

describe('the report in a browser', () => {
  let browser: Browser;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'steadfast-report-'));
    // Chromium's own sandbox refuses to run as root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    [browser, url] = await Promise.all([
      chromium.launch({ executablePath: '/usr/bin/chromium', args }),
      report(folder, 'example', exampleResult()),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The page, with everything that it complained of or asked the network for. */
  async function open(
    address: string,
    width: number,
    colorScheme: 'light' | 'dark',
  ): Promise<{ page: Page; said: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== address && !request.url().startsWith('data:')) said.push(request.url());
    });
    await page.goto(address);
    return { page, said };
  }

  describe.each([
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('at %i px, %s', (width, scheme) => {
    let page: Page;
    let said: string[];
    let looks: readonly DrawingLook[];

    beforeAll(async () => {
      ({ page, said } = await open(url, width, scheme));
      looks = await page.evaluate(drawings);
    });

    afterAll(() => page?.close());

    it('says nothing on the console and asks the network for nothing', () => {
      expect(said).toEqual([]);
    });

    it('is no wider than the window', async () => {
      expect(await page.evaluate(pageWidth)).toBeLessThanOrEqual(width);
    });

    it('draws something in every chart, in the width that suits the window', () => {
      expect(looks.length).toBeGreaterThan(15);
      expect(looks.filter(({ marks }) => marks === 0)).toEqual([]);
      expect(looks.filter(({ name }) => name.startsWith('.'))).toEqual([]);
    });

    it('keeps all labels inside of their charts and apart from each other', () => {
      expect(looks.flatMap(({ name, outside }) => outside.map((text) => `${name}: ${text}`))).toEqual([]);
      expect(looks.flatMap(({ name, overlapping }) => overlapping.map((text) => `${name}: ${text}`))).toEqual(
        [],
      );
    });

    it('writes labels that can be read on their ground', () => {
      expect(looks.flatMap(({ faint }) => faint)).toEqual([]);
    });
  });

  it('shows names that are markup as they are', async () => {
    const { page, said } = await open(
      await report(folder, 'hostile', hostile(exampleResult())),
      1440,
      'light',
    );
    expect(said).toEqual([]);
    expect(await page.locator('img, script').count()).toBe(0);
    expect(await page.locator('td', { hasText: HOSTILE }).count()).toBeGreaterThan(3);
    expect(await page.locator('svg text', { hasText: HOSTILE }).count()).toBeGreaterThan(0);
    await page.close();
  });

  it('draws what there is when next to nothing was measured', async () => {
    const empty = { ...exampleResult(), targets: [], measurements: [], ratios: [], failovers: [] };
    const { page, said } = await open(await report(folder, 'empty', empty), 390, 'light');
    expect(said).toEqual([]);
    expect(await page.locator('h2').allTextContents()).toEqual([
      'Summary',
      'Costs',
      'Machine, versions and targets',
      'Noise and notes',
      'How to repeat',
    ]);
    await page.close();
  });
});
