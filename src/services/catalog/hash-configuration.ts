import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProfileDirectory } from '../../profiles/profile-directory.ts'
import { toProfileFolder } from '../../profiles/profile-paths.ts'

const files = ['config.json', 'INSTRUCTIONS.md']

/** A hash of the configuration files of a home and of its profiles: servers that share a database should have the same one. */
export async function hashConfiguration(home: string): Promise<string> {
  const names = await new ProfileDirectory({ home, hermesHome: null }).listNames()
  const hash = createHash('sha256')
  for (const name of names)
    for (const file of files) {
      const content = await readFile(join(toProfileFolder(home, name), file)).catch(() => null)
      if (content) hash.update(JSON.stringify([name, file, content.length])).update(content)
    }
  return hash.digest('hex')
}
