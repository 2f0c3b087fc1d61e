import type { MessageRecord, SessionRecord } from '../records.ts'
import type { PageRequest, SessionFilter, SessionKey } from '../session-source.ts'
import { ActivityIndex } from './activity-index.ts'
import { readFingerprints, readMessages, readOutlines } from './message-rows.ts'
import { contextMessages, shownMessages } from './outline.ts'
import { cut, pageOfIds, pageOfSessions } from './session-page.ts'
import { knownSessions, readSessions } from './session-rows.ts'
import { StateFile } from './state-file.ts'
import type { OpenFile, StateFileOptions } from './state-file.ts'
import { chunksOf } from './values.ts'

const sessionsAtOnce = 50 // whose outlines are held in memory at the same time

/**
 * The sessions of one Hermes state.db, by the promises of `SessionSource`, but synchronous: it is made for a thread of
 * its own, where waiting for a lock stops nobody else. A file that can't be read answers with nothing and never throws.
 */
export class HermesReader {
  readonly #profile: string
  readonly #file: StateFile
  readonly #activity = new ActivityIndex()

  constructor(profile: string, options: StateFileOptions) {
    this.#profile = profile
    this.#file = new StateFile(options)
  }

  sessionsById(ids: readonly string[]): SessionRecord[] {
    return this.#file.read([], (file) => readSessions(file, ids, this.#profile))
  }

  sessionPage(page: PageRequest<SessionKey>, filter: SessionFilter): SessionRecord[] {
    return this.#file.read([], (file) => {
      const load = (ids: readonly string[]): SessionRecord[] => readSessions(file, ids, this.#profile)
      if (filter.ids) return pageOfIds(filter.ids, load, page, filter)
      this.#activity.follow(file)
      return pageOfSessions(this.#activity, load, page, filter)
    })
  }

  messageCounts(ids: readonly string[]): Map<string, number> {
    return this.#file.read(new Map<string, number>(), (file) => {
      const counts = new Map(knownSessions(file, ids).map((id) => [id, 0]))
      for (const some of chunksOf([...counts.keys()], sessionsAtOnce)) {
        for (const [id, rows] of readOutlines(file, some, 'visible')) {
          counts.set(id, shownMessages(rows, (rowIds) => readFingerprints(file, rowIds)).length)
        }
      }
      return counts
    })
  }

  messagePage(sessionId: string, page: PageRequest<number>): MessageRecord[] {
    const { after, before } = page
    return this.#messages(sessionId, 'visible', (file, rows) => {
      const entries = shownMessages(rows, (ids) => readFingerprints(file, ids)).filter(
        ({ position }) => (after === null || position > after) && (before === null || position < before),
      )
      return cut(entries, page)
    })
  }

  message(id: string): MessageRecord | null {
    // Session ids are not ours: they may hold colons.
    const [, sessionId, row] = /^(.*):(0|[1-9]\d{0,15})$/s.exec(id) ?? []
    if (sessionId === undefined) return null
    const found = this.#messages(sessionId, 'visible', (file, rows) =>
      shownMessages(rows, (ids) => readFingerprints(file, ids)).filter((entry) => entry.id === Number(row)),
    )
    return found[0] ?? null
  }

  contextMessages(sessionId: string): MessageRecord[] {
    return this.#messages(sessionId, 'live', (_, rows) => contextMessages(rows))
  }

  /** Gives the file back; the next read opens it again. */
  close(): void {
    this.#file.close()
  }

  /** The messages that `choose` takes of a session's rows, all of them as they stood at one moment. */
  #messages(sessionId: string, condition: 'visible' | 'live', choose: Choose): MessageRecord[] {
    return this.#file.read([], (file) =>
      file.db.transaction(() => {
        const rows = readOutlines(file, [sessionId], condition).get(sessionId)
        return rows ? readMessages(file, sessionId, choose(file, rows)) : []
      })(),
    )
  }
}

type Choose = (file: OpenFile, rows: Parameters<typeof contextMessages>[0]) => ReturnType<typeof contextMessages>
