// Measures cancelStream while 100 streams run. The baseline is one bare HTTP request over the loopback plus one bare
// commit of a row to the same disk. Usage: npm run bench -- cancel
import { createServer } from 'node:http'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { newTempFolder, startTestSegue } from '../tests/support/server/segue.ts'
import { percentile, printFigures } from './support/figures.ts'

const streamCount = 100
const cancelCount = 300

await using segue = await startTestSegue({ settings: { offlineDelayMs: 15 } })
const post = async (url: string, body: object): Promise<string> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.text()
}
const url = `${segue.url}/graphql`
const start = async (): Promise<string> => {
  const query = 'mutation { startChat(input: { text: "Who are you? Tell me all about yourself." }) { id } }'
  return /str_\w+/.exec(await post(url, { query }))?.[0] ?? ''
}
const cancel = (id: string): Promise<string> =>
  post(url, { query: `mutation { cancelStream(streamId: "${id}") { outcome message { text } } }` })

const running = await Promise.all(Array.from({ length: streamCount }, start))
const durationsMs: number[] = []
for (let count = 0; count < cancelCount; count += 1) {
  const id = running.shift() ?? ''
  const startedAt = performance.now()
  await cancel(id)
  durationsMs.push(performance.now() - startedAt)
  running.push(await start())
}

const bareServer = createServer((request, response) => request.resume().on('end', () => response.end('{}')))
await new Promise<void>((resolve) => bareServer.listen(0, '127.0.0.1', resolve))
const address = bareServer.address()
const bareUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
const database = new Database(join(newTempFolder(), 'bare.db'))
database.pragma('journal_mode = WAL')
database.pragma('synchronous = NORMAL')
database.exec('CREATE TABLE rows (body TEXT)')
const insert = database.prepare('INSERT INTO rows VALUES (?)')
const baselineMs: number[] = []
for (let count = 0; count < cancelCount; count += 1) {
  const startedAt = performance.now()
  await post(bareUrl, { query: '' })
  insert.run('x'.repeat(1000))
  baselineMs.push(performance.now() - startedAt)
}
bareServer.close()

printFigures(`cancelStream while ${streamCount} streams run`, {
  'median, ms': percentile(durationsMs, 0.5),
  'p99, ms': percentile(durationsMs, 0.99),
  'baseline, median, ms': percentile(baselineMs, 0.5),
  'ratio of the medians': percentile(durationsMs, 0.5) / percentile(baselineMs, 0.5),
})
process.exit(0)
