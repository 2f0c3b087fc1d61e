// One answer with 200 readers: messages for each second that the server spends on its processor.
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import type { BenchmarkRow } from '../support/report.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { openEventStreamReader, openSocketReader } from './readers.ts'
import { median, runRounds } from './rounds.ts'
import { followStream, limitServer, startChat, startSegue } from './segue-server.ts'

const readerCount = 200
const intervalMs = 20
const roundMs = 2_500
const rounds = 3
/** About the length of a message of Segue, in bytes. */
const messageBytes = 330

const peerServer = join(import.meta.dirname, 'servers', 'peers.ts')
const transports = {
  WebSocket: { open: openSocketReader, peer: 'graphql-ws', limit: 'bare ws that sends one Buffer to all' },
  SSE: { open: openEventStreamReader, peer: 'Yoga', limit: 'bare response.write of one Buffer to all' },
}
const tick =
  'subscription { followStream { __typename seq sessionId streamId ... on TextDelta { messageId partIndex offset text } } }'

/** Opens the readers, has messages sent, and returns the messages per CPU-second once they flow. */
async function measure(
  server: ServerProcess,
  open: typeof openSocketReader,
  start: () => Promise<{ readonly url: string; readonly query: string | null }>,
): Promise<number> {
  let messages = 0
  const { url, query } = await start()
  const readers = Array.from({ length: readerCount }, () => open(url, query, () => (messages += 1)))
  const closeReaders = await Promise.all(readers)
  // Their code is compiled by then.
  await pause(1_500)
  const [messagesBefore, cpuBefore] = [messages, server.readCpuSeconds()]
  await pause(roundMs)
  const perCpuSecond = (messages - messagesBefore) / (server.readCpuSeconds() - cpuBefore)
  for (const close of closeReaders) close()
  return perCpuSecond
}

async function measureBroadcast(
  script: string,
  open: typeof openSocketReader,
  path: string,
  query: string | null,
): Promise<number> {
  await using server = await ServerProcess.start([script], { ...process.env, NODE_NO_WARNINGS: '1' })
  const params = `name=all&bytes=${messageBytes}&interval=${intervalMs}`
  await fetch(`${server.url}/broadcast?${params}`, { method: 'POST' })
  return await measure(server, open, async () => ({ url: `${server.url}${path}`, query }))
}

async function measureSegue(open: typeof openSocketReader): Promise<number> {
  await using server = await startSegue(null, ['--offline-delay', String(intervalMs)])
  return await measure(server, open, async () => {
    const query = followStream(await startChat(server.url, '/instructions'))
    return { url: `${server.url}/graphql`, query }
  })
}

/** Returns a row for each transport, and all rounds. */
export async function measureFanOut(): Promise<{ rows: BenchmarkRow[]; details: object }> {
  const rows: BenchmarkRow[] = []
  const details: Record<string, object> = {}
  for (const [name, { open, peer, limit }] of Object.entries(transports)) {
    const results = await runRounds(`fan-out over ${name}`, rounds, [
      { name: 'limit', measure: () => measureBroadcast(limitServer, open, '/all', null) },
      { name: peer, measure: () => measureBroadcast(peerServer, open, '/graphql', tick) },
      { name: 'Segue', measure: () => measureSegue(open) },
    ])
    const ratio = (contender: string): number => median(results[contender]) / median(results['limit'])
    const what = `fan-out to ${readerCount} readers over ${name}, messages per CPU-second`
    rows.push({ what, limit, peers: { [peer]: ratio(peer) }, segue: ratio('Segue'), aim: 0.9 })
    details[name] = results
  }
  return { rows, details }
}
