import type {Metafile} from 'esbuild'

export declare function bundle(
  root: string,
  outdir: string,
  more?: {in: string; out: string}[],
): Promise<Metafile>
