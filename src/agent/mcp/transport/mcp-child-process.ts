import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type { StdioServer } from '../../../config/profile/mcp-server.ts'
import { LineSplitter } from './line-splitter.ts'

/** How long it may take to end by itself, and then after SIGTERM, in milliseconds. Our own end may take 1,500 in all. */
const exitGracePeriodMs = 400

/** How much of what it said last is kept, in characters. */
const maxOutputLength = 16_384

/**
 * The program of a server, in a process group of its own: what it starts itself ends with it. When our own process is
 * killed its standard input closes, which tells it to end.
 */
export class McpChildProcess {
  /** Resolves when nothing of it is left, with how it ended, as in `it ended with exit code 1`. */
  readonly closed: Promise<string>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines = new LineSplitter()
  readonly #onLine: (line: string) => void
  #output = ''
  #closeReason: string | null = null
  #hasExitedUnexpectedly = false
  #termination: Promise<void> | null = null

  /** Throws when the system refuses it at once; what it finds out later ends it. */
  constructor({ command, args, env, cwd }: StdioServer, onLine: (line: string) => void) {
    this.#onLine = onLine
    const child = spawn(command, args, { cwd, env, stdio: 'pipe', detached: true })
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    child.once('error', (error) => {
      this.#onExit(describeSpawnError(error))
      // What was never there does not close.
      if (child.pid === undefined) resolve(describeSpawnError(error))
    })
    if (!child.stdout) throw new Error('the system has no room for another program')
    child.once('exit', (code, signal) =>
      this.#onExit(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`),
    )
    child.once('close', () => resolve(this.#closeReason ?? 'it ended'))
    child.stdout.on('data', (chunk: Buffer) => this.#onOutput(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.appendOutput(text))
    // Who cannot be spoken to, or will not speak any more, is of no use.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => void this.#terminate())
    child.stdout.once('end', () => void this.#terminate())
  }

  /** How it ended, or why it is about to; null while it runs. */
  get closeReason(): string | null {
    return this.#closeReason
  }

  /** Whether it ended without being told to. */
  get hasExitedUnexpectedly(): boolean {
    return this.#hasExitedUnexpectedly
  }

  /** What it said last that was no message, on either output. */
  get output(): string {
    return this.#output
  }

  appendOutput(text: string): void {
    this.#output = (this.#output + text).slice(-maxOutputLength)
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Ends it. Resolves when it is gone, at the latest when whoever is left of it was sent SIGKILL. */
  stop(): Promise<void> {
    this.#closeReason ??= 'it was stopped'
    return this.#terminate()
  }

  #terminate(): Promise<void> {
    this.#termination ??= this.#terminateGracefully()
    return this.#termination
  }

  async #terminateGracefully(): Promise<void> {
    const child = this.#child
    if (child.pid === undefined) return
    child.stdin.end()
    await Promise.race([this.closed, pause(exitGracePeriodMs)])
    this.#signalGroup('SIGTERM')
    await Promise.race([this.closed, pause(exitGracePeriodMs)])
    this.#signalGroup('SIGKILL')
    // A process that has left the group may hold them open for ever.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    await this.closed
  }

  /** To the whole group, which may have members when the program itself is gone. */
  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // Nobody is left.
    }
  }

  #onExit(reason: string): void {
    this.#hasExitedUnexpectedly ||= this.#closeReason === null
    this.#closeReason ??= reason
    void this.#terminate()
  }

  #onOutput(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) this.#onLine(line)
    } catch (error) {
      this.#onExit(describeSpawnError(error))
    }
  }
}

function describeSpawnError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such program, or no such folder to run it in'
  return code === 'EACCES' ? 'it is not allowed to be run' : error.message
}
