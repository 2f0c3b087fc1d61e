// One answer with 200 readers: messages for each second that the server spends on its processor.
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import type { BenchmarkRow } from '../support/report.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { openEventStreamReader, openSocketReader, post } from './readers.ts'
import { median, type RunningContender, runWarmRounds } from './rounds.ts'
import { followStream, limitServer, startChat, startSegue } from './segue-server.ts'

const readerCount = 200
const intervalMs = 20
const roundMs = 2_000
const rounds = 3
const warmUpMs = 3_000
/** What a round leaves to be done is not counted to the next one. */
const settleMs = 500
/** About the length of a message of Segue, in bytes. */
const messageBytes = 330

const peerServer = join(import.meta.dirname, 'servers', 'peers.ts')
const transports = {
  WebSocket: { open: openSocketReader, peer: 'graphql-ws', limit: 'bare ws that sends one Buffer to all' },
  SSE: { open: openEventStreamReader, peer: 'Yoga', limit: 'bare response.write of one Buffer to all' },
}
const tick =
  'subscription { followStream { __typename seq sessionId streamId ... on TextDelta { messageId partIndex offset text } } }'

/** Where messages can be received, and how they end. */
interface MessageSource {
  readonly url: string
  readonly query: string | null
  readonly stop: () => Promise<void>
}

type StartMessages = (name: string) => Promise<MessageSource>

/** A server whose messages go to many readers: messages for each second that it spends on its processor. */
class FanOutContender implements RunningContender<number> {
  readonly #server: ServerProcess
  readonly #open: typeof openSocketReader
  readonly #start: StartMessages
  #startedRounds = 0

  constructor(server: ServerProcess, open: typeof openSocketReader, start: StartMessages) {
    this.#server = server
    this.#open = open
    this.#start = start
  }

  /** As many messages as in many rounds, by many sources. */
  async warmUp(): Promise<void> {
    const sources = await Promise.all(Array.from({ length: 20 }, (_, index) => this.#start(`warm-up-${index}`)))
    const readers = sources.flatMap(({ url, query }) =>
      Array.from({ length: 5 }, () => this.#open(url, query, () => undefined)),
    )
    const closeReaders = await Promise.all(readers)
    await pause(warmUpMs)
    for (const close of closeReaders) close()
    for (const { stop } of sources) await stop()
    await pause(settleMs)
  }

  async measure(): Promise<number> {
    let messages = 0
    const { url, query, stop } = await this.#start(`round-${(this.#startedRounds += 1)}`)
    const readers = Array.from({ length: readerCount }, () => this.#open(url, query, () => (messages += 1)))
    const closeReaders = await Promise.all(readers)
    // All of them receive messages then.
    await pause(1_000)
    const [messagesBefore, cpuBefore] = [messages, this.#server.readCpuSeconds()]
    await pause(roundMs)
    const perCpuSecond = (messages - messagesBefore) / (this.#server.readCpuSeconds() - cpuBefore)
    for (const close of closeReaders) close()
    await stop()
    await pause(settleMs)
    return perCpuSecond
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }
}

async function startBroadcast(
  script: string,
  open: typeof openSocketReader,
  toPath: (name: string) => string,
  query: string | null,
): Promise<FanOutContender> {
  const server = await ServerProcess.start([script], { ...process.env, NODE_NO_WARNINGS: '1' })
  return new FanOutContender(server, open, async (name) => {
    await fetch(`${server.url}/broadcast?name=${name}&bytes=${messageBytes}&interval=${intervalMs}`, { method: 'POST' })
    const stop = async () => void (await fetch(`${server.url}/broadcast?name=${name}`, { method: 'DELETE' }))
    return { url: `${server.url}${toPath(name)}`, query, stop }
  })
}

async function startSegueContender(open: typeof openSocketReader): Promise<FanOutContender> {
  const server = await startSegue(null, ['--offline-delay', String(intervalMs)])
  return new FanOutContender(server, open, async () => {
    const id = await startChat(server.url, '/instructions')
    const stop = async () => void (await post(server.url, `mutation { cancelStream(streamId: "${id}") { outcome } }`))
    return { url: `${server.url}/graphql`, query: followStream(id), stop }
  })
}

/** Returns a row for each transport, and all rounds. */
export async function measureFanOut(): Promise<{ rows: BenchmarkRow[]; details: object }> {
  const rows: BenchmarkRow[] = []
  const details: Record<string, object> = {}
  for (const [name, { open, peer, limit }] of Object.entries(transports)) {
    const results = await runWarmRounds(`fan-out over ${name}`, rounds, {
      limit: () => startBroadcast(limitServer, open, (source) => `/${source}`, null),
      [peer]: () => startBroadcast(peerServer, open, () => '/graphql', tick),
      Segue: () => startSegueContender(open),
    })
    const ratio = (contender: string): number => median(results[contender]) / median(results['limit'])
    const what = `fan-out to ${readerCount} readers over ${name}, messages per CPU-second`
    rows.push({ what, limit, peers: { [peer]: ratio(peer) }, segue: ratio('Segue'), aim: 0.9 })
    details[name] = results
  }
  return { rows, details }
}
