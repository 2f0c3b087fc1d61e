// A server for `sidebar.ts`: of a home and a Hermes home that are given. Each line on stdin is answered with what it
// takes: memory in bytes, and the longest that its main thread was held since the line before, in milliseconds.
import { createInterface } from 'node:readline'
import { newSegue } from '../tests/support/server/segue.ts'

const [home = '', hermesHome = ''] = process.argv.slice(2)
await using segue = await newSegue({ settings: { home, hermesHome } })
/** The most CPU time between two ticks of a timer of a millisecond: what others do to the machine does not count. */
let held = 0
let spent = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(spent)
  held = Math.max(held, (user + system) / 1000)
  spent = process.threadCpuUsage()
}, 1)
const tell = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
tell({ url: segue.url })
for await (const _ of createInterface({ input: process.stdin })) {
  tell({ rss: process.memoryUsage().rss, held })
  held = 0
}
process.exit(0)
