// Measures what streams cost: fan-out, tokens, start, idle subscribers. Usage: npm run bench -- streams [names]
import { pinThisProcess } from './support/pinned-process.ts'
import { type BenchmarkRow, reportBenchmark } from './support/report.ts'
import { measureFanOut } from './streams/fan-out.ts'
import { measureStart } from './streams/start.ts'
import { measureSubscribers } from './streams/subscribers.ts'
import { measureAge, measureIntake, measureLoad } from './streams/tokens.ts'

const measurements: Readonly<Record<string, () => Promise<{ rows: readonly BenchmarkRow[]; details: object }>>> = {
  'fan-out': measureFanOut,
  intake: measureIntake,
  age: measureAge,
  load: measureLoad,
  start: measureStart,
  subscribers: measureSubscribers,
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(measurements)
const unknown = names.find((name) => !(name in measurements))
if (unknown !== undefined) throw new Error(`${unknown}: Unknown. Use ${Object.keys(measurements).join(', ')}.`)

pinThisProcess('load')
for (const name of names) {
  const measured = await measurements[name]?.()
  if (measured) reportBenchmark({ name: `streams-${name}`, ...measured })
}
process.exit(0)
