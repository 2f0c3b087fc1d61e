import { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { type Json, parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import type { CommandChannel, CommandTarget } from '../../storage/installation/command-channel.ts'
import { formatResult, parseResult } from '../../storage/installation/command-result.ts'

export interface CommandForwarderOptions {
  /** Null where a home belongs to one process: everything is executed here. */
  readonly commands: CommandChannel | null
  readonly log: Logger
  /** How long another process may take, in milliseconds. */
  readonly commitTimeoutMs: number
}

/** Has commands executed by the process that runs the stream, or the session, that they are about. */
export class CommandForwarder {
  readonly #options: CommandForwarderOptions

  constructor(options: CommandForwarderOptions) {
    this.#options = options
  }

  /** Executes the commands that other processes forward: only processes of Segue write any. */
  serve<Command extends object>(execute: (command: Command) => Promise<Json>): void {
    const report = { message: 'The process that runs the stream has failed.', log: this.#options.log }
    this.#options.commands?.serve('chats', (text) => formatResult(execute(parseJsonWithExactNumbers(text)), report))
  }

  /**
   * Has another process execute a command, if its target runs there, and resolves to the result. Null if it is to be executed
   * here. Rejects with what the command throws, and with STORAGE if the other process does not answer in time.
   */
  async forward(target: CommandTarget, command: object): Promise<{ readonly value: Json } | null> {
    const result = await this.tryToForward(target, command, this.#options.commitTimeoutMs)
    if (result === 'NO_ANSWER') throw createNoAnswerError()
    return result
  }

  /** Like `forward`, with a timeout of its own in milliseconds. */
  async tryToForward(
    target: CommandTarget,
    command: object,
    timeoutMs: number,
  ): Promise<{ readonly value: Json } | 'NO_ANSWER' | null> {
    const { commands } = this.#options
    const owner = (await commands?.findOwner(target)) ?? null
    if (!commands || owner === null) return null
    const result = await commands.send(owner, { service: 'chats', text: stringifyJson(command) }, timeoutMs)
    return result === null ? 'NO_ANSWER' : { value: parseResult(result) }
  }
}

/** The error for a command whose target does not answer. */
export function createNoAnswerError(): SegueError {
  return new SegueError('STORAGE', 'The process that runs the stream does not answer. Try again later.')
}
