import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { kindOfId } from '../lib/ids.ts'
import type { ProfileFolders } from '../profiles/profile-directory.ts'
import { PrefixedSessions } from '../hermes/namespaced-session-reader.ts'
import { defaultProfile } from '../profiles/profile-name.ts'
import { continues, lineageOf } from '../sessions/load-lineage.ts'
import { type FileStore, FolderFileStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { type HermesLog, openHermesSessions } from '../hermes/hermes-session-reader.ts'
import type { SessionRecord } from '../model/records.ts'
import type { SessionSource } from '../storage/session-reader.ts'
import { ConversationRows } from '../storage/sqlite/transfer/export-reader.ts'
import { Snapshot } from '../storage/sqlite/database/read-snapshot.ts'

const hermesAtOnce = 500 // sessions

/** A profile to export from: what is kept here as it is at one moment, and Hermes' sessions. All of it is only read. */
export class Source implements AsyncDisposable {
  /** Null as long as nothing was written. */
  readonly rows: ConversationRows | null
  /** Null when Hermes is turned off. */
  readonly hermes: SessionSource | null
  readonly files: FileStore
  readonly #loaded = new Map<string, SessionRecord | null>()
  readonly #close: () => Promise<void>

  /** Throws as `Snapshot.of` does. */
  constructor(profile: string, { home, hermesHome }: ProfileFolders, log: HermesLog) {
    const path = join(home, 'segue.db')
    const snapshot = existsSync(path) ? Snapshot.of(path) : null
    this.rows = snapshot && new ConversationRows(snapshot, profile)
    // Its index is made anew, in memory: the one in the home belongs to the server.
    const hermes = hermesHome === null ? null : openHermesSessions({ path: join(hermesHome, 'state.db'), profile, log })
    this.hermes = hermes && (profile === defaultProfile ? hermes : new PrefixedSessions(hermes, `${profile}@`))
    this.files = new FolderFileStore(join(home, 'files'))
    this.#close = async () => {
      snapshot?.[Symbol.dispose]()
      await hermes?.close()
    }
  }

  async session(id: string): Promise<SessionRecord | null> {
    const known = this.#loaded.get(id)
    if (known !== undefined) return known
    const own = kindOfId(id) === 'session' ? this.rows?.session(id) : null
    const session = own ?? (await this.hermes?.sessionsById([id]))?.[0] ?? null
    this.#loaded.set(id, session)
    return session
  }

  /** All sessions of the conversation that a session is a part of, in no order. */
  async conversation(session: SessionRecord): Promise<SessionRecord[]> {
    const { root } = await this.#lineage(session)
    const found = new Map([[root.id, root]])
    if (root.origin === 'HERMES') for (const each of await this.#ofHermes(root.id)) found.set(each.id, each)
    // Whatever is added on the way is looked at, too.
    for (const parent of found.values()) {
      for (const id of this.rows?.children(parent.id) ?? []) {
        const child = found.has(id) ? null : await this.session(id)
        if (!child || !continues(child, parent)) continue
        // What lies on a cycle, or behind one, stands alone.
        if ((await this.#lineage(child)).root.id === root.id) found.set(id, child)
      }
    }
    return [...found.values()]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  #lineage(session: SessionRecord) {
    return lineageOf(session, (id) => this.session(id))
  }

  async #ofHermes(rootId: string): Promise<SessionRecord[]> {
    const all: SessionRecord[] = []
    for (let skip = 0; ; skip += hermesAtOnce) {
      const ids = (await this.hermes?.segmentIds(rootId, { skip, first: hermesAtOnce })) ?? []
      all.push(...((await this.hermes?.sessionsById(ids)) ?? []))
      if (ids.length < hermesAtOnce) return all
    }
  }
}
