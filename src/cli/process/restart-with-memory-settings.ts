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

/**
 * For V8: the size of each half of the space for new objects, in megabytes. With much memory, V8 lets it grow to 64, which holds 100 MB
 * more under load, and is no faster: it does not fit into the processor's cache.
 */
const semiSpaceOption = '--max-semi-space-size=16'

/** For V8: it does not collect garbage after each burst, however little there is. IdleGarbageCollector does so when it pays. */
const memoryReducerOption = '--no-memory-reducer'

/** The option may be given to Node in either spelling. */
const semiSpacePattern = /--max[-_]semi[-_]space[-_]size/

/** Whoever sets one of these has chosen how memory is allocated. */
const allocatorVariable = /^(?:MALLOC_|GLIBC_TUNABLES$|LD_PRELOAD$)/

/**
 * Replaces the program by itself with settings of malloc in its environment, and of V8, which both read only when a program begins.
 * The process stays the same: its id, its files, its place in the tree. Returns, and changes nothing, if the environment has
 * such settings, and where this is not possible: elsewhere than on Linux, before Node 22.15, and if a parent process has a
 * channel to this one, which would be closed. If the system refuses to run the program again, Node ends the process.
 */
export function restartWithMemorySettings(): void {
  if (process.platform !== 'linux' || !process.execve || process.channel) return
  if (Object.keys(process.env).some((name) => allocatorVariable.test(name))) return
  // What the command line says comes later, and wins.
  const semiSpaceOptions = semiSpacePattern.test(process.env['NODE_OPTIONS'] ?? '') ? [] : [semiSpaceOption]
  const args = [process.argv0, memoryReducerOption, ...semiSpaceOptions, ...process.execArgv, ...process.argv.slice(1)]
  try {
    // Otherwise, as when Node was just replaced, Node would end the process.
    accessSync(process.execPath, constants.X_OK)
    process.execve(process.execPath, args, { ...process.env, ...mallocSettings })
  } catch {
    // Node may not run programs, with --permission.
  }
}
