import type { HermesDb, HermesRow } from './hermes-db.ts'

/** How a summary of hermes-agent 0.19 begins and ends. */
export function hermesSummary(text: string): string {
  return `[CONTEXT COMPACTION — REFERENCE ONLY] Earlier turns were compacted.\n${text}\n\n--- END OF CONTEXT SUMMARY — respond to the message below, not the summary above ---`
}

/** A message with a summary behind it, as Hermes merges them where two neighbours would have the same role. */
export function mergedHermesSummary(ownText: string, text: string): string {
  return `[PRIOR CONTEXT — for reference only; not a new message]\n${ownText}\n\n[END OF PRIOR CONTEXT — COMPACTION SUMMARY BELOW]\n\n${hermesSummary(text)}`
}

export const hermesTaskList =
  '[Your active task list was preserved across context compression]\n- [ ] 1. Tidy up (pending)'

const secondsPerRow = 1e-6

/** A session as hermes-agent 0.19 writes it, together with the list of messages that its process holds. */
export class HermesChat {
  readonly #hermes: HermesDb
  readonly #sessionId: string
  #time: number
  /** What the model is sent. A message with a `timestamp` was read from the database and keeps it. */
  live: HermesRow[] = []

  constructor(hermes: HermesDb, sessionId: string, startedAt = 1_790_000_000) {
    this.#hermes = hermes
    this.#sessionId = hermes.addSession(sessionId, { started_at: startedAt })
    this.#time = startedAt
  }

  add(row: HermesRow): number {
    this.#time += 1.25
    this.live.push(row)
    return this.#hermes.addMessage(this.#sessionId, this.#time, row)
  }

  /** Adds the turns with these numbers: the user says `u1`, the assistant `a1`. */
  addTurns(...numbers: readonly number[]): void {
    for (const number of numbers) {
      this.add({ role: 'user', content: `u${number}` })
      this.add({ role: 'assistant', content: `a${number}`, finish_reason: 'stop' })
    }
  }

  /** The same with a tool call and its result. */
  addToolTurns(...numbers: readonly number[]): void {
    for (const number of numbers) {
      const calls = [{ id: `call${number}`, function: { name: 'look', arguments: '{"where":"everywhere"}' } }]
      this.add({ role: 'user', content: `u${number}` })
      this.add({ role: 'assistant', content: '', tool_calls: JSON.stringify(calls) })
      this.add({ role: 'tool', tool_call_id: `call${number}`, tool_name: 'look', content: `found ${number}` })
      this.add({ role: 'assistant', content: `a${number}` })
    }
  }

  /** Reads the live messages from the database, as a resumed process does: from now on they keep their times. */
  resume(): void {
    const columns = 'role, content, tool_call_id, tool_calls, tool_name, finish_reason, timestamp'
    this.live = this.#hermes.db
      .prepare<[string], HermesRow>(`SELECT ${columns} FROM messages WHERE session_id = ? AND active = 1 ORDER BY id`)
      .all(this.#sessionId)
  }

  /** Archives the active rows and inserts these messages. By default, their times are numbered by microseconds. */
  compact(messages: readonly HermesRow[]): void {
    this.#hermes.transaction(() => {
      this.#hermes.db
        .prepare('UPDATE messages SET active = 0, compacted = 1 WHERE session_id = ? AND active = 1')
        .run(this.#sessionId)
      this.#insert(messages)
    })
    this.live = [...messages]
  }

  /** Deletes the active rows and inserts these messages, as an edit of an earlier message does where rows are archived. */
  rewrite(messages: readonly HermesRow[]): void {
    this.#hermes.db.prepare('DELETE FROM messages WHERE session_id = ? AND active = 1').run(this.#sessionId)
    this.#insert(messages)
    this.live = [...messages]
  }

  /** Takes back the last messages, from a message of the user on. */
  undo(messageCount: number): void {
    this.#hermes.db
      .prepare(
        `UPDATE messages SET active = 0 WHERE id IN
         (SELECT id FROM messages WHERE session_id = ? AND active = 1 ORDER BY id DESC LIMIT ?)`,
      )
      .run(this.#sessionId, messageCount)
    this.live = this.live.slice(0, -messageCount)
  }

  #insert(messages: readonly HermesRow[]): void {
    this.#time += 7.5
    for (const { timestamp, ...row } of messages) {
      const time = typeof timestamp === 'number' ? timestamp : this.#time
      this.#hermes.addMessage(this.#sessionId, time, row)
      this.#time = Math.max(this.#time, time) + secondsPerRow
    }
  }
}
