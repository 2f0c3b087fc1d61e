import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

/** Which core a process runs on: what is measured has one, and what creates its load has another. */
export type Core = 'server' | 'load'

/** Answers with the memory that is left in use after a garbage collection. */
const collector = join(import.meta.dirname, 'collect-garbage.mjs')

const memorySchema = z.object({
  /** On the heap and outside of it, in bytes. */
  used: z.number(),
  /** Held from the operating system, in bytes. */
  resident: z.number(),
})

export type MemoryInUse = z.output<typeof memorySchema>

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0
const coreNumbers = { server: '0', load: '1' }

/** Moves this process to a core, where there is `taskset`. */
export function pinThisProcess(core: Core): void {
  if (canPin) spawnSync('taskset', ['-acp', coreNumbers[core], String(process.pid)])
}

/**
 * Starts Node on one core, where there is `taskset`. Its errors go to stderr. With a channel, it takes messages, and Segue does not
 * start itself once more with settings for its memory.
 */
export function spawnPinned(
  core: Core,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  { hasChannel = false } = {},
): ChildProcess {
  const [command, ...rest] = [...(canPin ? ['taskset', '-c', coreNumbers[core]] : []), process.execPath, ...args]
  return spawn(command ?? process.execPath, rest, {
    stdio: ['ignore', 'pipe', 'inherit', ...(hasChannel ? (['ipc'] as const) : [])],
    env,
  })
}

/** A server in a process of its own. Disposing of it ends the process. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** Starts a program that prints its address when it listens. */
  static start(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<ServerProcess> {
    return ServerProcess.#start(spawnPinned('server', args, env))
  }

  static async #start(child: ChildProcess): Promise<ServerProcess> {
    if (!child.stdout) throw new Error('The process has no stdout.')
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /https?:\/\/[^/\s]+/.exec(line)?.[0]
      if (url !== undefined) return new ServerProcess(url, child)
    }
    throw new Error(`${child.spawnargs.join(' ')} ended without listening.`)
  }

  /** Starts a program for `collectGarbage`. */
  static startCollectable(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<ServerProcess> {
    const collectable = ['--expose-gc', '--import', collector, ...args]
    return ServerProcess.#start(spawnPinned('server', collectable, env, { hasChannel: true }))
  }

  /** Has a process of `startCollectable` free all that it does not use. Returns what is left. */
  async collectGarbage(): Promise<MemoryInUse> {
    let memory: unknown
    // What has finalizers takes several rounds.
    for (let round = 0; round < 4; round += 1) {
      await pause(200)
      const answered = once(this.#child, 'message')
      this.#child.send('collect')
      memory = (await answered)[0]
    }
    return memorySchema.parse(memory)
  }

  /** The CPU time that all threads of the process have used, in seconds. Wall time where the system does not tell. */
  readCpuSeconds(): number {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
      // The name of the program is in brackets. User and system time are the 14th and 15th field, in hundredths.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    } catch {
      return performance.now() / 1000
    }
  }

  /** Resident memory in megabytes; NaN where the system does not tell. */
  readMemoryMb(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000
    } catch {
      return Number.NaN
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
  }
}
