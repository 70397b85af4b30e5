import type {Files} from '../../lib/ports/files.js'

/** The shelf that the demo's plugins stand on: grants name them `lipa/<plugin>`. */
const SHELF = 'lipa'

export function demoPluginId(name: string): string {
  return `${SHELF}/${name}`
}

/** Copies the demo's plugins into the marketplace of the server folder; what is the same stays. */
export async function writeDemoPlugins(
  {files, templates}: {files: Files; templates: Files},
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const target = `marketplace/${demoPluginId(name)}`
    for (const path of await below(templates, `plugins/${name}`)) {
      const text = (await templates.readText(`plugins/${name}/${path}`)) ?? ''
      if ((await files.readText(`${target}/${path}`)) !== text)
        await files.writeAtomic(`${target}/${path}`, text)
    }
  }
}

/** Paths of the files below a folder, relative to it. */
async function below(files: Files, folder: string): Promise<string[]> {
  const paths: string[] = []
  for (const name of await files.list(folder)) {
    const isFolder = (await files.stat(`${folder}/${name}`))?.isDirectory === true
    if (!isFolder) paths.push(name)
    else paths.push(...(await below(files, `${folder}/${name}`)).map((path) => `${name}/${path}`))
  }
  return paths
}
