import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowed, violations } from './layers.cases.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const linter = path.join(root, 'node_modules/oxlint/bin/oxlint');

interface Diagnostic {
  code: string;
  filename: string;
}

/** Runs the project's linter and returns what it refused, by file relative to `folder`. */
function lint(folder: string, ...only: string[]): Promise<Map<string, string[]>> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: 64 << 20, timeout: 60_000 };
    execFile(process.execPath, [linter, '--format', 'json', ...only], options, (error, stdout, stderr) => {
      // Exit status 1 means findings; anything that is no report is a failure of the linter itself.
      if (!stdout.startsWith('{')) return reject(new Error(`${stdout}${stderr}`, { cause: error }));
      const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
      const found = new Map<string, string[]>();
      for (const { filename, code } of diagnostics)
        found.set(filename, [...(found.get(filename) ?? []), code]);
      resolve(found);
    });
  });
}

async function put(folder: string, file: string, code: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), `${code}\n`);
}

// A busy machine may need long for the type-aware rules.
describe('the linter', { timeout: 60_000 }, () => {
  let folder = '';
  let found = new Map<string, string[]>();
  let layers: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'steadfast-layers-'));
    await copyFile(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
    await put(folder, 'tsconfig.json', '{ "compilerOptions": { "strict": true, "types": [] } }');
    for (const { file, code } of [...violations, ...allowed]) await put(folder, file, code);
    const entries = await readdir(path.join(root, 'packages/shared/src'), { withFileTypes: true });
    layers = entries.filter((one) => one.isDirectory()).map((one) => one.name);
    for (const layer of layers)
      await put(folder, `packages/shared/src/${layer}/probe.ts`, "export * from 'pg';");
    found = await lint(folder);
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(violations)('refuses: $says', ({ file, rule }) => {
    expect(found.get(file)).toContain(rule);
  });

  it.each(allowed)('allows: $says', ({ file }) => {
    expect(found.get(file) ?? []).toEqual([]);
  });

  it('knows the layer of every folder of shared', () => {
    expect(layers).toContain('runtime');
    for (const layer of layers) {
      expect(found.get(`packages/shared/src/${layer}/probe.ts`)).toContain('eslint(no-restricted-imports)');
    }
  });

  it('finds no broken layer in the project itself', async () => {
    const layer = /no-restricted|no-cycle/;
    const broken = [...(await lint(root, 'packages'))].filter(([, codes]) =>
      codes.some((code) => layer.test(code)),
    );
    expect(broken).toEqual([]);
  });
});
