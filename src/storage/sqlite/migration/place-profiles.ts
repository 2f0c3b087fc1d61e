import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { toBlobFolder, toDatabasePath, toProfileFolder } from '../../../profiles/profile-paths.ts'
import { toMigrationFolder } from '../../migration/interrupted-migration.ts'

/** Lists what is put in place. While it exists, nothing that it lists is anybody else's. */
const listName = 'placed.json'

/** Puts the databases and blobs of profiles in place, and removes the folder of the migration. */
export async function placeProfiles(home: string, profiles: readonly string[]): Promise<void> {
  const folder = toMigrationFolder(home)
  const paths = profiles
    .flatMap((profile) => [toDatabasePath, toBlobFolder].map((toPath) => toPath(toProfileFolder(folder, profile))))
    .filter((path) => existsSync(path))
    .map((path) => relative(folder, path))
  await writeFlushed(join(folder, listName), JSON.stringify(paths))
  for (const path of paths) {
    await mkdir(dirname(join(home, path)), { recursive: true, mode: 0o700 })
    await rename(join(folder, path), join(home, path))
  }
  // From then on, what is in place stays.
  await rename(folder, `${folder}-done`)
  await rm(`${folder}-done`, { recursive: true })
}

/** Removes what an interrupted migration has left. Everything else in the home stays. */
export async function undoPlacing(home: string): Promise<void> {
  const folder = toMigrationFolder(home)
  const list = join(folder, listName)
  if (existsSync(list)) {
    const paths = z.array(z.string()).parse(JSON.parse(await readFile(list, 'utf8')))
    for (const path of paths) await rm(join(home, path), { recursive: true, force: true })
  }
  await rm(folder, { recursive: true, force: true })
}

async function writeFlushed(path: string, text: string): Promise<void> {
  {
    await using file = await open(`${path}.part`, 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
  }
  // It is complete, whenever the process ends.
  await rename(`${path}.part`, path)
}
