import type {Plugin} from 'esbuild'

export declare function lazyRequires(files: RegExp): Plugin
export declare function makeLazy(source: string): string
