import { dirname } from 'node:path'
import type { HermesDb, HermesRow } from '../../../tests/support/hermes/hermes-db.ts'
import { newDb, newStatePath } from '../../../tests/support/hermes/hermes-fixtures.ts'

export interface HermesHome {
  readonly folder: string
  readonly hermes: HermesDb
  /** Adds a session with a question and its answer, and returns its id. `at`: when it was answered. */
  addChat(id: string, at: Date, row?: HermesRow): string
}

/** A home of Hermes, deleted when the test ends. */
export function newHermesHome(): HermesHome {
  const path = newStatePath()
  const hermes = newDb(path)
  return {
    folder: dirname(path),
    hermes,
    addChat: (id, at, row = {}) => {
      const seconds = at.getTime() / 1000
      hermes.addSession(id, { started_at: seconds - 60, source: 'cli', ...row })
      hermes.addMessage(id, seconds - 30, { content: `Question in ${id}` })
      hermes.addMessage(id, seconds, { role: 'assistant', content: `Answer in ${id}` })
      hermes.countMessages(id)
      return id
    },
  }
}

/** A time of a day that was so many days ago, in the time zone of the page. */
export function daysAgo(days: number, hour = 12): Date {
  const date = new Date()
  date.setDate(date.getDate() - days)
  date.setHours(hour, 0, 0, 0)
  return date
}
