import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseIdKind } from '../lib/ids.ts'
import type { ProfilePaths } from '../profiles/profile-directory.ts'
import { NamespacedSessionReader } from '../hermes/namespaced-session-reader.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import { continuesSession, loadLineage } from '../model/lineage.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import { FilesystemBlobStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { openHermesSessionReader } from '../hermes/hermes-session-reader.ts'
import type { SessionRecord } from '../model/session.ts'
import type { SessionReader } from '../storage/session-reader.ts'
import { ExportReader } from '../storage/sqlite/transfer/export-reader.ts'
import { ReadSnapshot } from '../storage/sqlite/database/read-snapshot.ts'
import type { Logger } from '../lib/logger.ts'

const hermesBatchSize = 500 // sessions

/** A profile to export from: what is kept here as it is at one moment, and Hermes' sessions. All of it is only read. */
export class ExportSource implements AsyncDisposable {
  /** Null as long as nothing was written. */
  readonly segueReader: ExportReader | null
  /** Null when Hermes is turned off. */
  readonly hermesSessions: SessionReader | null
  readonly blobs: BlobStore
  readonly #sessionCache = new Map<string, SessionRecord | null>()
  readonly #close: () => Promise<void>

  /** Throws as `Snapshot.of` does. */
  constructor(profile: string, { home, hermesHome }: ProfilePaths, log: Logger) {
    const path = join(home, 'segue.db')
    const snapshot = existsSync(path) ? ReadSnapshot.open(path) : null
    this.segueReader = snapshot && new ExportReader(snapshot, profile)
    // Its index is made anew, in memory: the one in the home belongs to the server.
    const hermes =
      hermesHome === null ? null : openHermesSessionReader({ path: join(hermesHome, 'state.db'), profile, log })
    this.hermesSessions =
      hermes && (profile === defaultProfileName ? hermes : new NamespacedSessionReader(hermes, `${profile}@`))
    this.blobs = new FilesystemBlobStore(join(home, 'files'))
    this.#close = async () => {
      snapshot?.[Symbol.dispose]()
      await hermes?.close()
    }
  }

  async findSession(id: string): Promise<SessionRecord | null> {
    const cached = this.#sessionCache.get(id)
    if (cached !== undefined) return cached
    const segueSession = parseIdKind(id) === 'session' ? this.segueReader?.findSession(id) : null
    const session = segueSession ?? (await this.hermesSessions?.findSessions([id]))?.[0] ?? null
    this.#sessionCache.set(id, session)
    return session
  }

  /** All sessions of the conversation that a session is a part of, in no order. */
  async loadConversation(session: SessionRecord): Promise<SessionRecord[]> {
    const { root } = await this.#loadLineage(session)
    const found = new Map([[root.id, root]])
    if (root.origin === 'HERMES') for (const each of await this.#readHermesSegments(root.id)) found.set(each.id, each)
    // Whatever is added on the way is looked at, too.
    for (const parent of found.values()) {
      for (const id of this.segueReader?.listChildIds(parent.id) ?? []) {
        const child = found.has(id) ? null : await this.findSession(id)
        if (!child || !continuesSession(child, parent)) continue
        // What lies on a cycle, or behind one, stands alone.
        if ((await this.#loadLineage(child)).root.id === root.id) found.set(id, child)
      }
    }
    return [...found.values()]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  #loadLineage(session: SessionRecord) {
    return loadLineage(session, (id) => this.findSession(id))
  }

  async #readHermesSegments(rootId: string): Promise<SessionRecord[]> {
    const all: SessionRecord[] = []
    for (let skip = 0; ; skip += hermesBatchSize) {
      const ids =
        (await this.hermesSessions?.listConversationSessionIds(rootId, { offset: skip, limit: hermesBatchSize })) ?? []
      all.push(...((await this.hermesSessions?.findSessions(ids)) ?? []))
      if (ids.length < hermesBatchSize) return all
    }
  }
}
