// What a token costs on its way from a provider to its readers, and how old it is when it arrives.
import { setTimeout as pause } from 'node:timers/promises'
import { percentile } from '../support/figures.ts'
import type { BenchmarkRow } from '../support/report.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { measureAgeMs, PacedProvider } from './provider.ts'
import { type CloseReader, openSocketReader } from './readers.ts'
import { median, runRounds } from './rounds.ts'
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

async function measure(
  server: ServerProcess,
  provider: PacedProvider,
  start: StartStream,
  load: Load,
): Promise<Figures> {
  const agesMs: number[] = []
  let messages = 0
  const onMessage = (message: Buffer): void => {
    messages += 1
    const age = measureAgeMs(message)
    if (age !== null) agesMs.push(age)
  }
  const closeReaders: CloseReader[] = []
  for (let index = 0; index < load.streams; index += 1) {
    const { url, query } = await start(`stream-${index}`)
    const readers = Array.from({ length: load.readersPerStream }, () => openSocketReader(url, query, onMessage))
    closeReaders.push(...(await Promise.all(readers)))
  }
  provider.release()
  // The code is compiled by then.
  await pause(2_000)
  agesMs.length = 0
  const [startedAt, cpuBefore, messagesBefore] = [performance.now(), server.readCpuSeconds(), messages]
  await pause(load.seconds * 1000)
  const cpuSeconds = server.readCpuSeconds() - cpuBefore
  const seconds = (performance.now() - startedAt) / 1000
  const tokens = load.streams * load.tokensPerSecond * seconds
  const figures = {
    cpuMsPerToken: (cpuSeconds * 1000) / tokens,
    cpu: cpuSeconds / seconds,
    agesMs: [...agesMs],
    residentMb: server.readMemoryMb(),
    messagesPerToken: (messages - messagesBefore) / tokens / Math.max(1, load.readersPerStream),
  }
  for (const close of closeReaders) close()
  return figures
}

function startProvider({ tokensPerSecond, seconds }: Load): Promise<PacedProvider> {
  const intervalMs = 1000 / tokensPerSecond
  // More than are counted, so that no answer ends.
  return PacedProvider.start({ tokens: tokensPerSecond * (seconds + 4), intervalMs })
}

async function measureLimit(load: Load, isCommitting: boolean): Promise<Figures> {
  await using provider = await startProvider(load)
  await using server = await ServerProcess.start([limitServer])
  const params = `provider=${encodeURIComponent(provider.url)}&commit=${isCommitting}`
  const start = async (name: string) => {
    await fetch(`${server.url}/chat?name=${name}&${params}`, { method: 'POST' })
    return { url: `${server.url}/${name}`, query: null }
  }
  return await measure(server, provider, start, load)
}

async function measureSegue(load: Load): Promise<Figures> {
  await using provider = await startProvider(load)
  await using server = await startSegue(provider.url)
  const start = async () => ({
    url: `${server.url}/graphql`,
    query: followStream(await startChat(server.url, 'Go on.')),
  })
  return await measure(server, provider, start, load)
}

async function compare(title: string, load: Load, rounds: number) {
  return await runRounds(title, rounds, [
    { name: 'limit', measure: () => measureLimit(load, true) },
    { name: 'Segue', measure: () => measureSegue(load) },
  ])
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
  const load = { streams: 200, tokensPerSecond: 50, readersPerStream: 5, seconds: 6 }
  const title = '200 streams × 50 tokens/s × 5 readers'
  const results = await runRounds(title, 1, [
    { name: 'limit', measure: () => measureLimit(load, false) },
    { name: 'committing', measure: () => measureLimit(load, true) },
    { name: 'Segue', measure: () => measureSegue(load) },
  ])
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
