import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..', '..')

/** The Node versions that the packages are tested on, both from npm, and the folders of their programs. */
export const nodeVersions: readonly (readonly [version: RegExp, folder: string])[] = [
  [/^v22\.18\.0$/, join(import.meta.dirname, 'node_modules', '.bin')],
  [/^v24\./, join(root, 'node_modules', '.bin')],
]

/** What the surrounding run of npm or Vitest sets for itself, and must not reach an installation elsewhere. */
const variablesOfThisRun = /^(npm_(?!config_)|npm_config_.*prefix$|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$|VITEST)/

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder that had nothing in it before tarballs were installed, and the environment of its user. */
export class InstalledPackage implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'segue-installed-'))
  readonly #env: NodeJS.ProcessEnv

  /** Installs tarballs. `nodeFolder` has the program `node` that runs everything. */
  constructor(nodeFolder: string, tarballs: readonly string[]) {
    const { PATH = '', HOME = '' } = process.env
    this.#env = { PATH: [nodeFolder, PATH].join(delimiter), HOME }
    // Keeps the variables that say how to reach the registry, such as proxies and certificates.
    const variables = Object.entries(process.env).filter(([name]) => !variablesOfThisRun.test(name))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], {
      cwd: this.folder,
      env: { ...Object.fromEntries(variables), ...this.#env },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }

  /** Runs a program to its end. */
  async run(program: string, ...args: readonly string[]): Promise<CommandResult> {
    const child = this.#spawn(program, args)
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    await once(child, 'close')
    return { code: child.exitCode, stdout, stderr }
  }

  /** Starts the server with a program of this folder, and waits until it is ready. */
  async start(program: string, ...args: readonly string[]): Promise<StartedServer> {
    const child = this.#spawn(program, args)
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    const exited = once(child, 'close')
    const line = await Promise.race([once(createInterface(child.stdout), 'line'), exited])
    const url = /^Segue is ready: (.+)\/graphql$/.exec(String(line[0]))?.[1]
    if (url === undefined) throw new Error(`The server is not ready: ${String(line[0])}\n${log}`)
    const stop = async (): Promise<number | null> => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGTERM')
      }
      await exited
      return child.exitCode
    }
    return { url, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** In a process group of its own, so that what npx starts can be stopped. */
  #spawn(program: string, args: readonly string[]) {
    return spawn(program, args, { cwd: this.folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  }
}

export interface StartedServer extends AsyncDisposable {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  /** Sends SIGTERM. Resolves to the exit code when all output has ended; null if the signal ended the process. */
  stop(): Promise<number | null>
}
