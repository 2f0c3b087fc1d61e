// How long a Stop takes while 100 answers are being made, beside the least that it could take: a bare commit of one row
// to the same disk, and a bare request over the same loopback. `node bench/cancel.ts`
import { createServer } from 'node:http'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { newFolder, newSegue } from '../tests/support/server/segue.ts'
import { percentile, print } from './report.ts'

const streams = 100
const cancels = 300

await using segue = await newSegue({ settings: { offlineDelay: 15 } })
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

const running = await Promise.all(Array.from({ length: streams }, start))
const times: number[] = []
for (let count = 0; count < cancels; count += 1) {
  const id = running.shift() ?? ''
  const begun = performance.now()
  await cancel(id)
  times.push(performance.now() - begun)
  running.push(await start())
}

const bare = createServer((request, response) => request.resume().on('end', () => response.end('{}')))
await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve))
const address = bare.address()
const bareURL = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
const database = new Database(join(newFolder(), 'bare.db'))
database.pragma('journal_mode = WAL')
database.pragma('synchronous = NORMAL')
database.exec('CREATE TABLE rows (body TEXT)')
const insert = database.prepare('INSERT INTO rows VALUES (?)')
const least: number[] = []
for (let count = 0; count < cancels; count += 1) {
  const begun = performance.now()
  await post(bareURL, { query: '' })
  insert.run('x'.repeat(1000))
  least.push(performance.now() - begun)
}
bare.close()

print(`cancelStream while ${streams} answers are being made`, {
  'median, ms': percentile(times, 0.5),
  'p99, ms': percentile(times, 0.99),
  'bare request and commit, median, ms': percentile(least, 0.5),
  'ratio of the medians': percentile(times, 0.5) / percentile(least, 0.5),
})
process.exit(0)
