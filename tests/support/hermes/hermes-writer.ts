import { HermesDb } from './hermes-db.ts'

/** Sessions before the first operation: more than the newest ones that every read looks at. */
const initialSessionCount = 650

const pauseMs = 3 // between two operations

/** Writes to a state.db what Hermes 0.19 writes, in an order that a seed determines. */
export class HermesWriter {
  readonly #hermes: HermesDb
  #random: number
  #time = 1_000_000
  #created = 0

  constructor(path: string, journal: 'wal' | 'delete', seed: number) {
    this.#hermes = new HermesDb(path, 'v22', journal)
    this.#hermes.db.pragma('busy_timeout = 30000')
    this.#hermes.db.pragma('foreign_keys = OFF')
    this.#random = seed
    this.#hermes.transaction(() => {
      for (let i = 0; i < initialSessionCount; i++) this.#createSession()
    })
  }

  /** Executes one operation. */
  write(): void {
    const operations = [
      ...Array.from({ length: 6 }, () => () => this.#addTurn(this.#pickSession())),
      () => void this.#createSession(),
      () => this.#endSession(this.#pickSession()),
      () => this.#rotate(this.#pickSession()),
      () => this.#fork(this.#pickSession()),
      () => this.#branch(this.#pickSession()),
      () => this.#compact(this.#pickSession()),
      () => this.#handOff(this.#pickSession()),
      () => this.#hermes.undoMessages(...this.#pickMessage()),
      () => this.#hermes.rewriteMessages(this.#pickSession(), this.#pick(4)),
      () => this.#hermes.rewriteMessages(this.#pickSession(), this.#pick(4), { timestamp: this.#now() }),
      () => this.#prune(this.#pickSession()),
      () => this.#rename(this.#pickSession()),
    ]
    const operation = operations[this.#pick(operations.length)]
    this.#hermes.transaction(() => operation?.())
    if (this.#pick(40) === 0) this.#hermes.db.exec('VACUUM')
    if (this.#pick(40) === 0) this.#hermes.db.pragma('wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    this.#hermes.close()
  }

  #createSession(row: Parameters<HermesDb['addSession']>[1] = {}): string {
    const id = this.#hermes.addSession(`s${this.#created++}`, { started_at: this.#now(), ...row })
    this.#addTurn(id)
    return id
  }

  #addTurn(id: string): void {
    const call = `call-${this.#now()}`
    this.#hermes.addMessage(id, this.#now(), { content: `Question at ${this.#time}.` })
    this.#hermes.addToolCalls(id, this.#now(), [call])
    this.#hermes.addToolResult(id, this.#now(), call, 'An oak.')
    this.#hermes.addMessage(id, this.#now(), { role: 'assistant', content: `Answer at ${this.#time}.` })
    this.#run('UPDATE sessions SET message_count = message_count + 4 WHERE id = ?', id)
  }

  #endSession(id: string): void {
    const reason = ['cli_close', 'compression', 'session_reset'][this.#pick(3)] ?? null
    this.#run(
      'UPDATE sessions SET ended_at = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL',
      this.#now(),
      reason,
      id,
    )
  }

  /** Compaction with a new session: copies of the first messages, and a summary. */
  #rotate(id: string): void {
    const child = this.#hermes.addSession(`s${this.#created++}`, { parent_session_id: id, started_at: this.#now() })
    this.#run("UPDATE sessions SET ended_at = ?, end_reason = 'compression' WHERE id = ?", this.#now(), id)
    if (this.#pick(2) === 0) {
      this.#hermes.copyMessages(id, child)
      this.#run('DELETE FROM messages WHERE id = (SELECT max(id) FROM messages WHERE session_id = ?)', child)
    }
    this.#hermes.addMessage(child, this.#now(), { content: `[CONTEXT COMPACTION] Oaks at ${this.#time}.` })
  }

  #fork(id: string): void {
    this.#endSession(id)
    const row = { parent_session_id: id, started_at: this.#now(), source: 'api_server' }
    this.#hermes.copyMessages(id, this.#hermes.addSession(`s${this.#created++}`, row))
  }

  #branch(id: string): void {
    const model_config = JSON.stringify({ _branched_from: id })
    const row = { parent_session_id: id, started_at: this.#now(), model_config }
    this.#hermes.copyMessages(id, this.#hermes.addSession(`s${this.#created++}`, row), { timestamp: this.#now() })
  }

  #compact(id: string): void {
    const tail = this.#hermes.db
      .prepare<[string], { role: string; content: string; timestamp: number }>(
        `SELECT role, content, timestamp FROM messages
         WHERE session_id = ? AND active = 1 AND role = 'user' ORDER BY id DESC LIMIT 1`,
      )
      .all(id)
    this.#hermes.archiveMessages(id)
    this.#hermes.addMessage(id, this.#now(), { content: `[CONTEXT COMPACTION] Oaks at ${this.#time}.` })
    for (const { timestamp, ...row } of tail) this.#hermes.addMessage(id, this.#pick(2) ? timestamp : this.#now(), row)
    this.#hermes.countMessages(id)
  }

  #handOff(id: string): void {
    this.#run(`UPDATE sessions SET source = 'telegram', session_key = 'key', chat_id = '7' WHERE id = ?`, id)
    this.#hermes.addMessage(id, this.#now(), { content: '[Session was just handed off from CLI to Telegram.]' })
  }

  #prune(id: string): void {
    this.#run('UPDATE sessions SET parent_session_id = NULL WHERE parent_session_id = ?', id)
    this.#run('DELETE FROM messages WHERE session_id = ?', id)
    this.#run('DELETE FROM sessions WHERE id = ?', id)
  }

  #rename(id: string): void {
    this.#run('UPDATE sessions SET title = ?, archived = 1 - archived WHERE id = ?', `Title ${this.#now()}`, id)
  }

  /** Half of the time, one of the newest sessions. */
  #pickSession(): string {
    const rows = this.#hermes.db.prepare<[], { id: string }>('SELECT id FROM sessions ORDER BY started_at DESC').all()
    return rows[this.#pick(this.#pick(2) ? 20 : rows.length)]?.id ?? 's0'
  }

  #pickMessage(): [sessionId: string, id: number] {
    const id = this.#pickSession()
    const sql = 'SELECT id FROM messages WHERE session_id = ? AND active = 1 ORDER BY id'
    const rows = this.#hermes.db.prepare<[string], { id: number }>(sql).all(id)
    return [id, rows[this.#pick(rows.length)]?.id ?? 0]
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#hermes.db.prepare<unknown[]>(sql).run(...values)
  }

  #now(): number {
    return (this.#time += 0.5)
  }

  /** A number from 0 to `count` - 1. */
  #pick(count: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#random / 2 ** 32) * count)
  }
}

/** As a program: creates the file, says so, and executes the given number of operations. */
function runWriter([path, journal, seed, operationCount]: readonly string[]): void {
  if (path === undefined || (journal !== 'wal' && journal !== 'delete')) throw new TypeError('The arguments are wrong.')
  const writer = new HermesWriter(path, journal, Number(seed))
  process.send?.('ready')
  let left = Number(operationCount)
  const next = (): void => {
    if (left-- > 0) {
      writer.write()
      // Without a WAL, a program that always writes lets nobody read.
      setTimeout(next, pauseMs)
      return
    }
    writer.close()
    process.disconnect?.()
  }
  setImmediate(next)
}

if (import.meta.main) runWriter(process.argv.slice(2))
