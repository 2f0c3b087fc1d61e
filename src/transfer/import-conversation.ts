import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Places } from '../config/paths.ts'
import { Homes } from '../profiles/profile-directory.ts'
import { profileFolder } from '../profiles/profile-name.ts'
import { FolderFileStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { lockHome } from '../storage/sqlite/database/home-lock.ts'
import { ProfileDatabase } from '../storage/sqlite/database/sqlite-database.ts'
import { SqliteChatStore } from '../storage/sqlite/sqlite-event-store.ts'
import { DocumentCheck } from './document-validator.ts'
import { recordsIn } from './document-reader.ts'
import { listNames } from './document-schema.ts'
import { insertConversation } from './insert-conversation.ts'
import { Summary } from './document-summary.ts'
import { TransferError } from './transfer-error.ts'

export interface ImportRequest {
  /** Where a relative path begins. */
  readonly folder: string
  readonly places: Places
  readonly file: string
  readonly profile: string
}

/**
 * Brings an exported conversation into a profile, in one transaction: all of it, or nothing. The file is read more than
 * once, so that no more of it is held in memory than one record. Throws a `TransferError` when the file is damaged or of a
 * newer version, or something in it is there already; HomeInUseError while a server runs; and as `ProfileDatabase`.
 */
export async function importConversation({ places, folder, profile, ...given }: ImportRequest): Promise<Summary> {
  const file = resolve(folder, given.file)
  const summary = checked(file)
  using cleanup = new DisposableStack()
  const lock = lockHome(places.home)
  cleanup.defer(() => lock.release())
  const homes = new Homes(places)
  const { home } = homes.foldersOf(profile)
  for (const name of await homes.names()) refuseKnown(name, join(profileFolder(places.home, name), 'segue.db'), summary)

  const database = new ProfileDatabase(join(home, 'segue.db'), { durable: true })
  cleanup.defer(() => database.close())
  const files = join(home, 'files')
  try {
    const store = new FolderFileStore(files)
    for (const { record } of recordsIn(file, ['files'])) {
      if ('hash' in record && record.content !== null) await store.keep(Buffer.from(record.content, 'base64'))
    }
    insertConversation(database, profile, file)
    return summary
  } catch (error) {
    const chats = new SqliteChatStore(database, profile)
    // What was kept for it is of no use. Nobody else keeps anything: the home is ours.
    await new FolderFileStore(files).sweep((hashes) => chats.unusedFiles(hashes))
    throw error
  }
}

function checked(file: string): Summary {
  const check = new DocumentCheck()
  const summary = new Summary()
  let fingerprint: unknown = null
  for (const { place, ...listed } of recordsIn(file, listNames, (sha256) => (fingerprint = sha256))) {
    check.add(listed, place)
    summary.add(listed)
  }
  if (check.end(file) === fingerprint) return summary
  throw new TransferError(`${file}: something in it was changed, or is missing: its sha256 is another one`)
}

/** An id is looked for in all profiles: the same one in two of them would be found in one. */
function refuseKnown(profile: string, path: string, { sessionIds }: Summary): void {
  if (!existsSync(path)) return
  const database = new ProfileDatabase(path)
  try {
    const known = database.prepare<[string], { id: string }>('SELECT id FROM sessions WHERE id = ?')
    const id = sessionIds.find((each) => known.get(each) !== undefined)
    if (id === undefined) return
    throw new TransferError(
      `The session ${id} is there already, in the profile ${profile}. Delete it first, or import into another home.`,
    )
  } finally {
    database.close()
  }
}
