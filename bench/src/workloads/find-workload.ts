import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Library } from '../result.ts';
import { workloads } from './registry.ts';
import type { Workload } from './workload.ts';

export class UnknownWorkload extends Error {}

/** By its name, or by the file that exports it as `default`. @throws UnknownWorkload */
export async function findWorkload(nameOrFile: string, library: Library): Promise<Workload> {
  const workload = isFile(nameOrFile)
    ? await fromFile(nameOrFile)
    : workloads.find(({ name, library: of }) => name === nameOrFile && of === library);
  if (workload?.library === library) return workload;
  const names = workloads.filter(({ library: of }) => of === library).map(({ name }) => name);
  throw new UnknownWorkload(
    `workload '${nameOrFile}' is none for ${library}; allowed: ${names.join(', ')}, or a file that exports one as default`,
  );
}

export function isFile(nameOrFile: string): boolean {
  return /\.[cm]?[jt]s$/.test(nameOrFile);
}

async function fromFile(file: string): Promise<Workload> {
  const { default: found } = (await import(pathToFileURL(resolve(file)).href).catch((cause: unknown) => {
    throw new UnknownWorkload(`workload file '${file}' cannot be read: ${String(cause)}`, { cause });
  })) as { default?: Partial<Workload> };
  if (typeof found?.prepare === 'function' && typeof found.operations === 'function' && found.library)
    return found as Workload;
  throw new UnknownWorkload(
    `workload file '${file}' must export as default { library, name, title, prepare, operations }`,
  );
}
