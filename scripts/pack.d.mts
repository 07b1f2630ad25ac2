export interface Packed {
  name: string;
  tarball: string;
  files: string[];
}

export function packAll(folder: string): Packed[];
