import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { StdioMcpServer } from '../../../../config/profile/mcp/mcp-server.ts'
import type { McpFailureReason } from '../mcp-failure-reason.ts'
import { LineSplitter, type OversizedMcpLine } from '../line-splitter.ts'
import { toMcpFailureReason } from '../to-mcp-failure-reason.ts'

/** Milliseconds until SIGTERM, and then until SIGKILL. The shutdown of Segue may take 1,500 ms in all. */
const exitGracePeriodMs = 400

/** How much of the latest output is kept. */
const maxOutputLength = 16_384 // UTF-16 code units

/**
 * The program of an MCP server. It runs in its own process group, so that its child processes end with it. If Segue is
 * killed, the program's standard input closes, which tells it to exit.
 */
export class McpChildProcess {
  /** Resolves when the program has exited and its streams are closed. */
  readonly closed: Promise<McpFailureReason>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines = new LineSplitter()
  readonly #onLine: (line: string | OversizedMcpLine) => void
  #output = ''
  #closeReason: McpFailureReason | null = null
  #hasExitedUnexpectedly = false
  #termination: Promise<void> | null = null

  /** Starts the program. Throws if the system refuses at once; a later error ends the process. */
  constructor({ command, args, env, cwd }: StdioMcpServer, onLine: (line: string | OversizedMcpLine) => void) {
    this.#onLine = onLine
    const child = spawn(command, args, { cwd, env, stdio: 'pipe', detached: true })
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<McpFailureReason>()
    this.closed = promise
    child.once('error', (error) => {
      const reason = toSpawnFailure(error, cwd)
      this.#onExit(reason)
      // A process that never started emits no `close`.
      if (child.pid === undefined) resolve(reason)
    })
    if (!child.stdout) throw new Error('The system cannot start another program.')
    child.once('exit', (code, signal) => this.#onExit(signal ? { kind: 'signal', signal } : { kind: 'exit', code }))
    child.once('close', () => resolve(this.#closeReason ?? { kind: 'exit', code: null }))
    child.stdout.on('data', (chunk: Buffer) => this.#onOutput(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.appendOutput(text))
    // A program with a broken stream is useless.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => void this.#terminate())
    child.stdout.once('end', () => void this.#terminate())
  }

  /** Why the program has ended or is about to end; null while it runs. */
  get closeReason(): McpFailureReason | null {
    return this.#closeReason
  }

  /** Whether the program ended although `stop` was not called. */
  get hasExitedUnexpectedly(): boolean {
    return this.#hasExitedUnexpectedly
  }

  /** The latest output, on standard output and standard error, that is not a message. */
  get output(): string {
    return this.#output
  }

  appendOutput(text: string): void {
    this.#output = (this.#output + text).slice(-maxOutputLength)
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Stops the program. Resolves when it is gone, at the latest after SIGKILL. */
  stop(): Promise<void> {
    this.#closeReason ??= { kind: 'stopped' }
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
    // A child that has left the process group may keep them open.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    await this.closed
  }

  /** Signals the whole process group, which may outlive the program. */
  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // No process is left.
    }
  }

  #onExit(reason: McpFailureReason): void {
    this.#hasExitedUnexpectedly ||= this.#closeReason === null
    this.#closeReason ??= reason
    void this.#terminate()
  }

  #onOutput(chunk: Buffer): void {
    for (const line of this.#lines.push(chunk)) this.#onLine(line)
  }
}

function toSpawnFailure(error: Error, cwd: string): McpFailureReason {
  const code = 'code' in error ? error.code : undefined
  // The system reports the same for both.
  if (code === 'ENOENT') return { kind: existsSync(cwd) ? 'program-not-found' : 'folder-not-found' }
  return code === 'EACCES' ? { kind: 'program-not-executable' } : toMcpFailureReason(error)
}
