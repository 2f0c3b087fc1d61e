import { readFileSync } from 'node:fs'

const maxPid = 2 ** 31 - 1

/**
 * Whether a process with this id runs on this machine. On Linux, it must also have started at `startedAt`, in clock ticks
 * since boot, because process ids are used again. On other platforms, `startedAt` cannot be compared.
 */
export function isProcessAlive(pid: unknown, startedAt: unknown): boolean {
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1 || pid > maxPid || !existsProcess(pid)) return false
  if (process.platform !== 'linux') return true
  const stat = readProcessStat(pid)
  return stat !== null && !stat.hasEnded && stat.startTimes.includes(startedAt)
}

function existsProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Any other error means that it belongs to another user.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/** The state and start time from /proc/<pid>/stat. Null if there is no such process. */
function readProcessStat(pid: number): { readonly hasEnded: boolean; readonly startTimes: readonly unknown[] } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field, the command, may contain spaces and parentheses. The third one follows it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    // Hermes takes the 22nd word, which is not the 22nd field if the command contains spaces.
    return { hasEnded: /^[ZX]/i.test(fields[0] ?? ''), startTimes: [Number(fields[19]), Number(text.split(' ')[21])] }
  } catch {
    return null
  }
}
