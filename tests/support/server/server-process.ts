import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { findDatabaseOfHome } from '../postgres/database-of-home.ts'
import buildProgram, { builtProgram } from './built-program.ts'

const timeoutMs = 30_000

export interface ServerProcess extends AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  /** The output so far. */
  readonly output: { stdout: string; stderr: string }
  /** Sends a signal and waits for the exit. Returns the exit code; null if the signal killed the process. */
  stop(signal: NodeJS.Signals): Promise<number | null>
}

export interface ServerArguments {
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A command that runs the program, which is appended to it. It must replace itself by the program (`exec`). */
  readonly launcher?: readonly string[]
}

/** Starts the program in a process of its own, and waits until it is ready. */
export async function startServerProcess(args: ServerArguments = {}): Promise<ServerProcess> {
  const child = spawnSegue({ ...args, argv: [...(args.argv ?? []), ...(await listStorageFlags(args))] })
  const output = collectOutput(child)
  const url = await readUrl(child, output).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }
  return {
    process: child,
    url,
    output,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL')
    },
  }
}

/** The URL that the program prints when it is ready. */
async function readUrl(child: ChildProcessWithoutNullStreams, output: ServerProcess['output']): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  createInterface(child.stdout).once('line', resolve)
  child.once('exit', (code) =>
    reject(new Error(`The server exited with ${code} before it was ready:\n${output.stderr}`)),
  )
  const timer = setTimeout(() => reject(new Error(`The server was not ready in time:\n${output.stderr}`)), timeoutMs)
  const line = await promise.finally(() => clearTimeout(timer))
  const url = /^Segue is ready: (.+)\/graphql$/.exec(line)?.[1]
  if (!url) throw new Error(`The first line of output is unexpected: ${JSON.stringify(line)}`)
  return url
}

/** Runs the program until it exits by itself, as it does when it cannot start. */
export async function runToEnd(
  args: ServerArguments,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnSegue(args)
  const output = collectOutput(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  await once(child, 'close')
  clearTimeout(timer)
  return { code: child.exitCode, ...output }
}

let isBuilt = false

/** For programs other than Vitest, which has built it before. */
function ensureBuilt(): void {
  if (!isBuilt) buildProgram()
  isBuilt = true
}

function spawnSegue({ argv = [], env = {}, launcher = [] }: ServerArguments): ChildProcessWithoutNullStreams {
  ensureBuilt()
  const { PATH = '', HOME = '' } = process.env
  // Compiling takes half of the time of a start. The cache of the test process saves it.
  const NODE_COMPILE_CACHE = new URL('../../../node_modules/.cache/compile', import.meta.url).pathname
  const [command = process.execPath, ...args] = [...launcher, process.execPath, builtProgram, ...argv]
  return spawn(command, args, { env: { PATH, HOME, NODE_COMPILE_CACHE, ...env }, stdio: 'pipe' })
}

function collectOutput(child: ChildProcessWithoutNullStreams): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  return output
}

/** The flags for the database of the home, if servers of tests use PostgreSQL and this one names none. An empty URL is SQLite. */
async function listStorageFlags({ argv = [], env = {} }: ServerArguments): Promise<string[]> {
  if (argv.includes('--database') || env['SEGUE_DATABASE_URL'] !== undefined) return []
  const home = argv[argv.indexOf('--home') + 1]
  const database = argv.includes('--home') && home !== undefined ? await findDatabaseOfHome(home) : null
  return database ? ['--database', database.url] : []
}
