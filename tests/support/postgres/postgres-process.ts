import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findPostgresPrograms, nobody, toUnprivilegedCommand } from './postgres-programs.ts'

/** Gives a folder to the user who runs PostgreSQL. */
export function makeUnprivilegedFolder(folder: string): string {
  chmodSync(folder, 0o700)
  if (process.getuid?.() === 0) chownSync(folder, nobody, nobody)
  return folder
}

/** Runs one of PostgreSQL's programs in a folder, to its end. */
export async function runPostgresProgram(folder: string, name: string, args: readonly string[]): Promise<void> {
  const [program, ...commandArgs] = toUnprivilegedCommand([join(findPostgresPrograms(), name), ...args])
  await promisify(execFile)(program, commandArgs, { cwd: folder })
}

/** PostgreSQL on the subfolder `data` of a folder, which has its socket, too. Commits do not wait for the disk. */
export class PostgresProcess {
  readonly #process: ChildProcess

  private constructor(child: ChildProcess) {
    this.#process = child
  }

  /** Resolves when it accepts connections. */
  static async start(folder: string, settings: readonly string[] = []): Promise<PostgresProcess> {
    const all = [
      'listen_addresses=',
      `unix_socket_directories=${folder}`,
      'fsync=off',
      'max_connections=200',
      'deadlock_timeout=50ms',
      ...settings,
    ]
    const args = ['-D', join(folder, 'data'), ...all.flatMap((setting) => ['-c', setting])]
    const [program, ...commandArgs] = toUnprivilegedCommand([join(findPostgresPrograms(), 'postgres'), ...args])
    const child = spawn(program, commandArgs, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    await waitForLogLine(child, /ready to accept (read-only )?connections/)
    return new PostgresProcess(child)
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** `SIGINT` ends all connections first; `SIGQUIT` is like a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    if (!this.isRunning) return
    const exited = once(this.#process, 'exit')
    this.#process.kill(signal)
    await exited
  }
}

/** Waits for a line of a program's log, and reads on. */
export async function waitForLogLine({ stderr }: ChildProcess, pattern: RegExp): Promise<void> {
  if (!stderr) throw new Error('The server has no log.')
  const lines: string[] = []
  for await (const line of createInterface({ input: stderr })) {
    lines.push(line)
    if (pattern.test(line)) {
      stderr.resume()
      return
    }
  }
  throw new Error(`The program did not start.\n${lines.join('\n')}`)
}
