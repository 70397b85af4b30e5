/** The surface of the built manifest, as command-snapshot.json holds it. */
export declare function currentSurface(): string
