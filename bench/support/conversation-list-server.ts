// The server process of `conversation-list.ts`. Arguments: a home and a Hermes home. Answers each line on stdin with its
// memory in bytes and the longest time in milliseconds that its main thread was blocked since the previous line.
import { createInterface } from 'node:readline'
import { startTestSegue } from '../../tests/support/server/segue.ts'

const [home = '', hermesHome = ''] = process.argv.slice(2)
await using segue = await startTestSegue({ settings: { home, hermesHome } })
/** The most CPU time between two ticks of a 1 ms timer. CPU time, so that other processes do not count. */
let maxBlockedMs = 0
let cpuUsage = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(cpuUsage)
  maxBlockedMs = Math.max(maxBlockedMs, (user + system) / 1000)
  cpuUsage = process.threadCpuUsage()
}, 1)
const writeLine = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
writeLine({ url: segue.url })
for await (const _ of createInterface({ input: process.stdin })) {
  writeLine({ rss: process.memoryUsage().rss, maxBlockedMs })
  maxBlockedMs = 0
}
process.exit(0)
