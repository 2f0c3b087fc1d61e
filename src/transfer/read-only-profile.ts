import { HermesSessionReader } from '../hermes/hermes-session-reader.ts'
import { NamespacedSessionReader } from '../hermes/namespaced-session-reader.ts'
import { parseIdKind } from '../lib/ids.ts'
import type { Logger } from '../lib/logger.ts'
import { compareUtf8 } from '../lib/text/compare-utf8.ts'
import { loadLineageSummary } from '../model/conversation/lineage.ts'
import type { SessionRecord } from '../model/session.ts'
import type { ProfilePaths } from '../profiles/profile-catalog.ts'
import { toHermesDatabasePath } from '../profiles/profile-paths.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import type { SessionReader } from '../storage/sessions/session-reader.ts'
import type { ExportReader } from '../storage/transfer/export-reader.ts'
import type { TransferStorage } from '../storage/transfer/transfer-storage.ts'

const hermesBatchSize = 500 // sessions

export interface ReadOnlyProfileOptions {
  /** The name of the profile. */
  readonly profile: string
  readonly paths: ProfilePaths
  readonly storage: TransferStorage
  readonly log: Logger
}

/** A profile to export from, opened read-only: a snapshot of its Segue sessions, and its Hermes sessions. */
export class ReadOnlyProfile implements AsyncDisposable {
  /** Null if the profile has no database yet. */
  readonly segueReader: ExportReader | null
  /** Null if Hermes is turned off. */
  readonly hermesSessions: SessionReader | null
  readonly blobs: BlobStore
  readonly #sessionCache = new Map<string, SessionRecord | null>()
  readonly #close: () => Promise<void>

  private constructor(segueReader: ExportReader | null, { profile, paths, storage, log }: ReadOnlyProfileOptions) {
    const { home, hermesHome } = paths
    this.segueReader = segueReader
    // Without an index path, the index of the Hermes sessions is in memory: the one in the home belongs to the server.
    const hermes =
      hermesHome === null ? null : new HermesSessionReader({ path: toHermesDatabasePath(hermesHome), profile, log })
    this.hermesSessions = hermes && new NamespacedSessionReader(hermes, profile)
    this.blobs = storage.openBlobStore(home, profile)
    this.#close = async () => {
      await this.segueReader?.close()
      await hermes?.close()
    }
  }

  /** Rejects as `TransferStorage.openExportReader` does. */
  static async open(options: ReadOnlyProfileOptions): Promise<ReadOnlyProfile> {
    const { profile, paths, storage } = options
    return new ReadOnlyProfile(await storage.openExportReader(paths.home, profile), options)
  }

  async findSession(id: string): Promise<SessionRecord | null> {
    const cached = this.#sessionCache.get(id)
    if (cached !== undefined) return cached
    const segueSession = parseIdKind(id) === 'session' ? await this.segueReader?.findSession(id) : null
    const session = segueSession ?? (await this.hermesSessions?.findSessions([id]))?.[0] ?? null
    this.#sessionCache.set(id, session)
    return session
  }

  /** Loads all sessions of the conversation that a session belongs to: the root, then the others in no order. */
  async loadConversation(session: SessionRecord): Promise<SessionRecord[]> {
    const { root } = await this.#loadLineage(session)
    const found = new Map([[root.id, root]])
    if (root.origin === 'HERMES') for (const each of await this.#loadHermesSessions(root.id)) found.set(each.id, each)
    // A map also iterates over the entries that are added meanwhile, so this visits all descendants.
    for (const parent of found.values()) {
      // A retry can have the place of a session that is gone: then the others stand beside it.
      for (const id of [parent.id, parent.takesPlaceOf ?? []].flat()) {
        for (const child of await this.#loadLinkedSessions(id)) {
          // One that is not a continuation, or whose ancestors form a cycle, is a conversation of its own.
          if ((await this.#loadLineage(child)).root.id === root.id) found.set(child.id, child)
        }
      }
    }
    return [...found.values()]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  #loadLineage(session: SessionRecord) {
    return loadLineageSummary(session, {
      findSession: (id) => this.findSession(id),
      findOldestRetry: async (placeId) => {
        const linked = await this.#loadLinkedSessions(placeId)
        const retries = linked.filter(({ takesPlaceOf }) => takesPlaceOf === placeId)
        return retries.toSorted((a, b) => a.startedAt - b.startedAt || compareUtf8(a.id, b.id))[0] ?? null
      },
    })
  }

  /** The sessions of Segue that name this one, of either origin, as the one that they continue or whose place they take. */
  async #loadLinkedSessions(id: string): Promise<SessionRecord[]> {
    const ids = (await this.segueReader?.listLinkedIds(id)) ?? []
    const sessions: SessionRecord[] = []
    for (const each of ids) sessions.push(...[(await this.findSession(each)) ?? []].flat())
    return sessions
  }

  async #loadHermesSessions(rootId: string): Promise<SessionRecord[]> {
    const sessions: SessionRecord[] = []
    for (let offset = 0; ; offset += hermesBatchSize) {
      const range = { offset, limit: hermesBatchSize }
      const ids = (await this.hermesSessions?.listConversationSessionIds(rootId, range)) ?? []
      sessions.push(...((await this.hermesSessions?.findSessions(ids)) ?? []))
      if (ids.length < hermesBatchSize) return sessions
    }
  }
}
