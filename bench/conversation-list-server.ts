// A server for `sidebar.ts`: of a home and a Hermes home that are given. Each line on stdin is answered with what it
// takes: memory in bytes, and the longest that its main thread was held since the line before, in milliseconds.
import { createInterface } from 'node:readline'
import { startTestSegue } from '../tests/support/server/segue.ts'

const [home = '', hermesHome = ''] = process.argv.slice(2)
await using segue = await startTestSegue({ settings: { home, hermesHome } })
/** The most CPU time between two ticks of a timer of a millisecond: what others do to the machine does not count. */
let maxBlockedMs = 0
let cpuUsage = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(cpuUsage)
  maxBlockedMs = Math.max(maxBlockedMs, (user + system) / 1000)
  cpuUsage = process.threadCpuUsage()
}, 1)
const writeLine = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
writeLine({ url: segue.url })
for await (const _ of createInterface({ input: process.stdin })) {
  writeLine({ rss: process.memoryUsage().rss, held: maxBlockedMs })
  maxBlockedMs = 0
}
process.exit(0)
