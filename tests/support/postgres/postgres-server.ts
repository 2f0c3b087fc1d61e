import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findPostgresPrograms, nobody, toUnprivilegedCommand } from './postgres-programs.ts'

/** A PostgreSQL of the tests, in a temporary folder, on a Unix socket. Commits do not wait for the disk. */
export interface PostgresServer extends AsyncDisposable {
  /** The folder of its socket. */
  readonly host: string
  /** The URL of a database in it. */
  toUrl(database: string): string
}

export async function startPostgresServer(): Promise<PostgresServer> {
  const programs = findPostgresPrograms()
  const folder = mkdtempSync(join(tmpdir(), 'segue-postgres-'))
  chmodSync(folder, 0o700)
  if (process.getuid?.() === 0) chownSync(folder, nobody, nobody)
  const data = join(folder, 'data')
  // The order of a language, so that a missing COLLATE "C" is noticed.
  const locale = ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'icu', '--icu-locale', 'en-US']
  run([join(programs, 'initdb'), '-D', data, '-U', 'segue', '-A', 'trust', '--no-sync', ...locale], folder)
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=200',
    'deadlock_timeout=50ms',
  ]
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const [program, ...commandArgs] = toUnprivilegedCommand([join(programs, 'postgres'), ...args])
  const server = spawn(program, commandArgs, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  await waitForLogLine(server, 'ready to accept connections')
  return {
    host: folder,
    toUrl: (database) => `postgres://segue@${encodeURIComponent(folder)}/${database}`,
    async [Symbol.asyncDispose]() {
      const exited = once(server, 'exit')
      server.kill('SIGINT')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function run(command: readonly string[], cwd: string): void {
  const [program, ...args] = toUnprivilegedCommand(command)
  execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Waits for a line of a program's log, and reads on. */
export async function waitForLogLine({ stderr }: ChildProcess, part: string): Promise<void> {
  if (!stderr) throw new Error('The server has no log.')
  const lines: string[] = []
  for await (const line of createInterface({ input: stderr })) {
    lines.push(line)
    if (line.includes(part)) {
      stderr.resume()
      return
    }
  }
  throw new Error(`The program did not start.\n${lines.join('\n')}`)
}
