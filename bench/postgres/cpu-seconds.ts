import { readdirSync, readFileSync } from 'node:fs'

/** The unit of times in `/proc`. */
const ticksPerSecond = 100

interface ProcessTimes {
  readonly parent: number
  readonly seconds: number
}

/** The CPU seconds that a process has used, with its children, those that have ended included. Linux only. */
export function readCpuSeconds(pid: number): number {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readTimes(Number(name)).parent === pid)
  return [pid, ...children.map(Number)].reduce((sum, id) => sum + readTimes(id).seconds, 0)
}

function readTimes(pid: number): ProcessTimes {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program before this may have spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { parent: Number(fields[1]), seconds: ticks / ticksPerSecond }
  } catch {
    // It has ended meanwhile.
    return { parent: 0, seconds: 0 }
  }
}
