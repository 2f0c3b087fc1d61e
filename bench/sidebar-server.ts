// A server for `sidebar.ts`: of a home and a Hermes home that are given. Each line on stdin is answered with what it
// takes: memory in bytes, and the longest that its main thread was held since the line before, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { newSegue } from '../tests/support/segue.ts'

const [home = '', hermesHome = ''] = process.argv.slice(2)
await using segue = await newSegue({ settings: { home, hermesHome } })
const held = monitorEventLoopDelay({ resolution: 1 })
held.enable()
const tell = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
tell({ url: segue.url })
for await (const _ of createInterface({ input: process.stdin })) {
  tell({ rss: process.memoryUsage().rss, held: held.max / 1e6 })
  held.reset()
}
