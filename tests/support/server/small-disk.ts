import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runToEnd, type ServerArguments, type ServerProcess, startServerProcess } from './server-process.ts'
import { newTempFolder } from './segue.ts'

export interface SmallDiskOptions extends ServerArguments {
  /** A shell command that runs in the home before the program: it may write files, or make the disk read-only. */
  readonly prepare?: string
}

/** A server whose home is on a disk of its own: 12 MiB in memory, in a mount namespace that ends with the process. */
export interface ServerOnSmallDisk extends ServerProcess {
  /** The home, as this process sees it. */
  readonly home: string
  fillDisk(): void
  freeDisk(): void
}

/** Fills the disk to the last byte. */
export const fillDiskCommand = 'cat /dev/zero > filler 2> /dev/null'
/** Makes the disk read-only. */
export const makeReadOnlyCommand = 'cd / && mount -o remount,ro "$HOME_ON_DISK"'

/** Starts a server whose home is on a small disk. */
export async function startOnSmallDisk(options: SmallDiskOptions = {}): Promise<ServerOnSmallDisk> {
  const mountPoint = newTempFolder()
  const server = await startServerProcess(toServerArguments(mountPoint, options))
  const home = `/proc/${server.process.pid}/root${mountPoint}`
  const filler = join(home, 'filler')
  return {
    ...server,
    home,
    fillDisk: () => fillWithFile(filler),
    freeDisk: () => rmSync(filler),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      rmSync(mountPoint, { recursive: true, force: true })
    },
  }
}

/** Runs a server whose home is on a small disk until it exits by itself. */
export async function runToEndOnSmallDisk(options: SmallDiskOptions): ReturnType<typeof runToEnd> {
  const mountPoint = newTempFolder()
  try {
    return await runToEnd(toServerArguments(mountPoint, options))
  } finally {
    rmSync(mountPoint, { recursive: true, force: true })
  }
}

function toServerArguments(mountPoint: string, { argv = [], env = {}, prepare = 'true' }: SmallDiskOptions) {
  const script = `mount -t tmpfs -o size=12m,mode=700 tmpfs "$HOME_ON_DISK" && (cd "$HOME_ON_DISK"; ${prepare}); exec "$@"`
  return {
    argv: ['--port', '0', '--no-hermes', '--home', mountPoint, ...argv],
    env: { HOME: mountPoint, HOME_ON_DISK: mountPoint, ...env },
    launcher: ['unshare', '--mount', 'sh', '-c', script, 'sh'],
  }
}

/** Fills the disk with a file, to the last byte. */
export function fillWithFile(path: string): void {
  for (const size of [65_536, 4096, 1])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
}
