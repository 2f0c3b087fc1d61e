import { accessSync, constants } from 'node:fs'

/**
 * Settings of glibc's malloc, which otherwise keeps what a burst has freed. The thresholds are those it begins with, in bytes:
 * a threshold that is set is not raised when large blocks are freed, so that such blocks go back to the system. Smaller ones
 * would have each buffer of 64 KiB mapped and unmapped.
 */
const mallocSettings = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const

/** Whoever sets one of these has chosen how memory is allocated. */
const allocatorVariable = /^(?:MALLOC_|GLIBC_TUNABLES$|LD_PRELOAD$)/

/**
 * Replaces the program by itself with settings of malloc in its environment, which malloc reads only when a program begins.
 * The process stays the same: its id, its files, its place in the tree. Returns, and changes nothing, if the environment has
 * such settings, and where this is not possible: elsewhere than on Linux, before Node 22.15, and if a parent process has a
 * channel to this one, which would be closed. If the system refuses to run the program again, Node ends the process.
 */
export function restartWithMallocSettings(): void {
  if (process.platform !== 'linux' || !process.execve || process.channel) return
  if (Object.keys(process.env).some((name) => allocatorVariable.test(name))) return
  const args = [process.argv0, ...process.execArgv, ...process.argv.slice(1)]
  try {
    // Otherwise, as when Node was just replaced, Node would end the process.
    accessSync(process.execPath, constants.X_OK)
    process.execve(process.execPath, args, { ...process.env, ...mallocSettings })
  } catch {
    // Node may not run programs, with --permission.
  }
}
