// What a token costs on its way from a provider to its readers, and how old it is when it arrives.
import { setTimeout as pause } from 'node:timers/promises'
import { percentile } from '../support/figures.ts'
import type { BenchmarkRow } from '../support/report.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { measureAgeMs, PacedProvider } from './provider.ts'
import { type CloseReader, openSocketReader } from './readers.ts'
import { median, type RunningContender, runWarmRounds } from './rounds.ts'
import { followStream, limitServer, startChat, startSegue } from './segue-server.ts'

interface Load {
  readonly streams: number
  readonly tokensPerSecond: number
  readonly readersPerStream: number
  readonly seconds: number
}

interface Figures {
  /** CPU time of the server for each token that the provider sent, in milliseconds. */
  readonly cpuMsPerToken: number
  /** The share of one processor. */
  readonly cpu: number
  readonly agesMs: readonly number[]
  readonly residentMb: number
  /** Messages that one reader received for each token, on average. Less than 1: tokens came together. */
  readonly messagesPerToken: number
}

interface Measured {
  readonly rows: readonly BenchmarkRow[]
  readonly details: object
}

/** Starts a stream, and says how to follow it. */
type StartStream = (name: string) => Promise<{ readonly url: string; readonly query: string | null }>

const warmUpLoad: Load = { streams: 50, tokensPerSecond: 50, readersPerStream: 1, seconds: 4 }

/** A server and its provider, under one load again and again. */
class TokenContender implements RunningContender<Figures> {
  readonly #server: ServerProcess
  readonly #provider: PacedProvider
  readonly #startStream: StartStream
  readonly #load: Load
  #startedStreams = 0

  constructor(server: ServerProcess, provider: PacedProvider, startStream: StartStream, load: Load) {
    this.#server = server
    this.#provider = provider
    this.#startStream = startStream
    this.#load = load
  }

  async warmUp(): Promise<void> {
    await this.#measure(warmUpLoad)
  }

  measure(): Promise<Figures> {
    return this.#measure(this.#load)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    await this.#provider[Symbol.asyncDispose]()
  }

  async #measure({ streams, tokensPerSecond, readersPerStream, seconds: duration }: Load): Promise<Figures> {
    const agesMs: number[] = []
    let messages = 0
    const onMessage = (message: Buffer): void => {
      messages += 1
      const age = measureAgeMs(message)
      if (age !== null) agesMs.push(age)
    }
    const closeReaders: CloseReader[] = []
    for (let index = 0; index < streams; index += 1) {
      const { url, query } = await this.#startStream(`stream-${(this.#startedStreams += 1)}`)
      const readers = Array.from({ length: readersPerStream }, () => openSocketReader(url, query, onMessage))
      closeReaders.push(...(await Promise.all(readers)))
    }
    this.#provider.release(tokensPerSecond)
    // All streams flow then.
    await pause(1_000)
    agesMs.length = 0
    const [startedAt, cpuBefore, messagesBefore] = [performance.now(), this.#server.readCpuSeconds(), messages]
    await pause(duration * 1000)
    const cpuSeconds = this.#server.readCpuSeconds() - cpuBefore
    const seconds = (performance.now() - startedAt) / 1000
    const tokens = streams * tokensPerSecond * seconds
    const figures = {
      cpuMsPerToken: (cpuSeconds * 1000) / tokens,
      cpu: cpuSeconds / seconds,
      agesMs: [...agesMs],
      residentMb: this.#server.readMemoryMb(),
      messagesPerToken: (messages - messagesBefore) / tokens / Math.max(1, readersPerStream),
    }
    for (const close of closeReaders) close()
    this.#provider.endAnswers()
    // What an answer leaves to be done after its end is not counted to the next server.
    await pause(1_200)
    return figures
  }
}

async function startLimit(load: Load, isCommitting: boolean): Promise<TokenContender> {
  const provider = await PacedProvider.start()
  const server = await ServerProcess.start([limitServer])
  const params = `provider=${encodeURIComponent(provider.url)}&commit=${isCommitting}`
  const startStream = async (name: string) => {
    await fetch(`${server.url}/chat?name=${name}&${params}`, { method: 'POST' })
    return { url: `${server.url}/${name}`, query: null }
  }
  return new TokenContender(server, provider, startStream, load)
}

async function startSegueContender(load: Load): Promise<TokenContender> {
  const provider = await PacedProvider.start()
  const server = await startSegue(provider.url)
  const startStream = async () => ({
    url: `${server.url}/graphql`,
    query: followStream(await startChat(server.url, 'Go on.')),
  })
  return new TokenContender(server, provider, startStream, load)
}

async function compare(title: string, load: Load, rounds: number) {
  return await runWarmRounds(title, rounds, {
    limit: () => startLimit(load, true),
    Segue: () => startSegueContender(load),
  })
}

const cpuPerToken = (rounds: readonly Figures[] = []): number =>
  median(rounds.map(({ cpuMsPerToken }) => cpuMsPerToken))
const age = (rounds: readonly Figures[] = [], fraction: number): number =>
  median(rounds.map(({ agesMs }) => percentile(agesMs, fraction)))

const summarize = (results: Readonly<Record<string, Figures[]>>): object =>
  Object.fromEntries(
    Object.entries(results).map(([name, rounds]) => [
      name,
      rounds.map(({ agesMs, ...figures }) => ({
        ...figures,
        ageP50Ms: percentile(agesMs, 0.5),
        ageP99Ms: percentile(agesMs, 0.99),
      })),
    ]),
  )

/** CPU time for each token of 50 answers that nobody reads. */
export async function measureIntake(): Promise<Measured> {
  const load = { streams: 50, tokensPerSecond: 20, readersPerStream: 0, seconds: 4 }
  const results = await compare('tokens taken in', load, 3)
  const limit = 'a proxy that parses the event stream and commits each batch with better-sqlite3'
  const segue = cpuPerToken(results['Segue']) / cpuPerToken(results['limit'])
  const what = 'CPU for a token taken in, 50 streams × 20 tokens/s, no reader'
  return { rows: [{ what, limit, peers: {}, segue, aim: 1.5, lowerIsBetter: true }], details: summarize(results) }
}

/** How old the tokens of one answer are at its reader. */
export async function measureAge(): Promise<Measured> {
  const load = { streams: 1, tokensPerSecond: 50, readersPerStream: 1, seconds: 4 }
  const results = await compare('age of a token', load, 3)
  const [limit, segue] = [results['limit'], results['Segue']]
  const name = 'a commit of one row, then ws.send of it'
  const rows = [
    { what: 'age of a token at its reader, p50', segue: age(segue, 0.5) / age(limit, 0.5), aim: 2 },
    { what: 'age of a token at its reader, p99 as a part of 10 ms', segue: age(segue, 0.99) / 10, aim: 1 },
  ].map((row) => Object.assign(row, { limit: name, peers: {}, lowerIsBetter: true }))
  return { rows, details: summarize(results) }
}

/** 1,000 readers of 200 answers: whether one processor is enough. Beside it what it takes with commits, but without anything else. */
export async function measureLoad(): Promise<Measured> {
  const load = { streams: 200, tokensPerSecond: 50, readersPerStream: 5, seconds: 5 }
  const title = '200 streams × 50 tokens/s × 5 readers'
  const results = await runWarmRounds(title, 1, {
    limit: () => startLimit(load, false),
    committing: () => startLimit(load, true),
    Segue: () => startSegueContender(load),
  })
  const rows = [
    { what: `${title}: age p99 as a part of 50 ms`, read: (rounds?: Figures[]) => age(rounds, 0.99) / 50 },
    {
      what: `${title}: memory as a part of 300 MB`,
      read: (rounds?: Figures[]) => (rounds?.[0]?.residentMb ?? 0) / 300,
    },
  ].map(({ what, read }) => ({
    what,
    limit: 'the same without a commit',
    peers: { 'limit, committing': read(results['committing']) },
    segue: read(results['Segue']),
    aim: 1,
    lowerIsBetter: true,
  }))
  return { rows, details: summarize(results) }
}
