import { CoalescedTask } from '../../../lib/async/coalesced-task.ts'
import { Notifier } from '../../../lib/async/notifier.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { Command, CommandChannel, CommandService, CommandTarget } from '../../installation/command-channel.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import {
  deleteCommand,
  findForeignSession,
  findStreamOwner,
  insertCommand,
  listPendingCommands,
  type PendingCommand,
  storeCommandResult,
  takeCommandResult,
} from './command-table.ts'
import { claimSession, listForeignClaims, releaseSession } from './session-claim-table.ts'
import { takeOverStream } from '../tables/stream-table.ts'

const commandsTopic = 'commands'
const resultsTopic = 'command_results'

/** Commands of a profile, as rows that their executors are notified of. */
export class PostgresCommandChannel implements CommandChannel {
  readonly #database: PostgresProfileDatabase
  readonly #results = new Notifier()
  /** The commands that this process executes now. */
  readonly #executing = new Set<number>()
  /**
   * The commands that were executed, until they are no longer listed: a list that was read before the result was stored has a
   * command once more. With results that could not be stored; null once they are.
   */
  readonly #executed = new Map<number, string | null>()
  readonly #executors = new Map<CommandService, (text: string) => Promise<string>>()
  /** Lists are read one after the other, so that no older one is left when a command is no longer listed. */
  readonly #executePending = new CoalescedTask(async () => {
    if (this.#executors.size > 0) this.#executeAll(await listPendingCommands(this.#database))
  })

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
    database.onChanged((topic) => {
      if (topic === null || topic === resultsTopic) this.#results.notify()
      // The next notification, or poll, finds them again.
      if (topic === null || topic === commandsTopic) this.#executePending.request().catch(() => undefined)
    })
  }

  findOwner(target: CommandTarget): Promise<number | null> {
    return findStreamOwner(this.#database, target)
  }

  findForeignSession(sessionIds: readonly string[]): Promise<string | null> {
    return findForeignSession(this.#database, sessionIds)
  }

  async send(owner: number, command: Command, timeoutMs: number): Promise<string | null> {
    const number = await this.#database.write((transaction) => insertCommand(transaction, owner, command))
    this.#database.publish(commandsTopic)
    const signal = AbortSignal.timeout(timeoutMs)
    for (;;) {
      const { version } = this.#results
      const result = await this.#database.write((transaction) => takeCommandResult(transaction, number))
      if (result !== null) return result
      if (signal.aborted) break
      await this.#results.wait(version, signal)
    }
    await this.#database.write((transaction) => deleteCommand(transaction, number))
    return null
  }

  serve(service: CommandService, execute: (text: string) => Promise<string>): void {
    this.#executors.set(service, execute)
    this.#executePending.request().catch(() => undefined)
  }

  takeOver(streamId: string): Promise<StreamRecord[]> {
    return takeOverStream(this.#database, streamId)
  }

  claimSession(sessionId: string): Promise<boolean> {
    return this.#database.write((transaction) => claimSession(transaction, sessionId))
  }

  async releaseSession(sessionId: string): Promise<void> {
    await this.#database.write((transaction) => releaseSession(transaction, sessionId))
  }

  listForeignClaims(): Promise<string[]> {
    return listForeignClaims(this.#database)
  }

  #executeAll(commands: readonly PendingCommand[]): void {
    const numbers = new Set(commands.map(({ number }) => number))
    for (const number of this.#executed.keys())
      if (!numbers.has(number) && !this.#executing.has(number)) this.#executed.delete(number)
    // The next list has those again whose results could not be stored.
    for (const command of commands) this.#executeOnce(command).catch(() => undefined)
  }

  async #executeOnce({ number, service, command }: PendingCommand): Promise<void> {
    const execute = this.#executors.get(service)
    const known = this.#executed.get(number)
    if (this.#executing.has(number) || known === null || !execute) return
    this.#executing.add(number)
    try {
      const result = known ?? (await execute(command))
      this.#executed.set(number, result)
      await this.#database.write((transaction) => storeCommandResult(transaction, number, result))
      this.#executed.set(number, null)
      this.#database.publish(resultsTopic)
    } finally {
      this.#executing.delete(number)
    }
  }
}
