import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type { StdioServer } from '../../../config/profile/mcp-server.ts'
import { Lines } from './line-splitter.ts'

/** How long it may take to end by itself, and then after SIGTERM, in milliseconds. Our own end may take 1,500 in all. */
const grace = 400

/** How much of what it said last is kept, in characters. */
const kept = 16_384

/**
 * The program of a server, in a process group of its own: what it starts itself ends with it. When our own process is
 * killed its standard input closes, which tells it to end.
 */
export class ServerProcess {
  /** Resolves when nothing of it is left, with how it ended, as in `it ended with exit code 1`. */
  readonly gone: Promise<string>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines = new Lines()
  readonly #onLine: (line: string) => void
  #said = ''
  #end: string | null = null
  #hasDied = false
  #stopping: Promise<void> | null = null

  /** Throws when the system refuses it at once; what it finds out later ends it. */
  constructor({ command, args, env, cwd }: StdioServer, onLine: (line: string) => void) {
    this.#onLine = onLine
    const child = spawn(command, args, { cwd, env, stdio: 'pipe', detached: true })
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<string>()
    this.gone = promise
    child.once('error', (error) => {
      this.#ends(wordsOf(error))
      // What was never there does not close.
      if (child.pid === undefined) resolve(wordsOf(error))
    })
    if (!child.stdout) throw new Error('the system has no room for another program')
    child.once('exit', (code, signal) =>
      this.#ends(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`),
    )
    child.once('close', () => resolve(this.#end ?? 'it ended'))
    child.stdout.on('data', (piece: Buffer) => this.#read(piece))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.hear(text))
    // Who cannot be spoken to, or will not speak any more, is of no use.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => void this.#shut())
    child.stdout.once('end', () => void this.#shut())
  }

  /** How it ended, or why it is about to; null while it runs. */
  get end(): string | null {
    return this.#end
  }

  /** Whether it ended without being told to. */
  get hasDied(): boolean {
    return this.#hasDied
  }

  /** What it said last that was no message, on either output. */
  get said(): string {
    return this.#said
  }

  hear(text: string): void {
    this.#said = (this.#said + text).slice(-kept)
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Ends it. Resolves when it is gone, at the latest when whoever is left of it was sent SIGKILL. */
  stop(): Promise<void> {
    this.#end ??= 'it was stopped'
    return this.#shut()
  }

  #shut(): Promise<void> {
    this.#stopping ??= this.#shutSlowly()
    return this.#stopping
  }

  async #shutSlowly(): Promise<void> {
    const child = this.#child
    if (child.pid === undefined) return
    child.stdin.end()
    await Promise.race([this.gone, pause(grace)])
    this.#signal('SIGTERM')
    await Promise.race([this.gone, pause(grace)])
    this.#signal('SIGKILL')
    // A process that has left the group may hold them open for ever.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    await this.gone
  }

  /** To the whole group, which may have members when the program itself is gone. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // Nobody is left.
    }
  }

  #ends(how: string): void {
    this.#hasDied ||= this.#end === null
    this.#end ??= how
    void this.#shut()
  }

  #read(piece: Buffer): void {
    try {
      for (const line of this.#lines.push(piece)) this.#onLine(line)
    } catch (error) {
      this.#ends(wordsOf(error))
    }
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such program, or no such folder to run it in'
  return code === 'EACCES' ? 'it is not allowed to be run' : error.message
}
