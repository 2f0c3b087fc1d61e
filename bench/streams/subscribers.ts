// What an idle subscriber costs in memory, and what of it is given back when it has left.
import type { BenchmarkRow } from '../support/report.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { type CloseReader, openSocketReader } from './readers.ts'
import { median, runRounds } from './rounds.ts'
import { followSession, limitServer, startChat, startCollectableSegue } from './segue-server.ts'

const subscriberCount = 2_000

interface Figures {
  readonly usedKib: number
  readonly residentKib: number
  /** What is still used when they have left, as a part of what they used. */
  readonly kept: number
}

async function subscribe(url: string, query: string | null, count: number): Promise<() => void> {
  const closeReaders: CloseReader[] = []
  for (let opened = 0; opened < count; opened += 1)
    closeReaders.push(await openSocketReader(url, query, () => undefined))
  return () => {
    for (const close of closeReaders) close()
  }
}

async function measure(server: ServerProcess, url: string, query: string | null): Promise<Figures> {
  // What is loaded and compiled once counts as memory before.
  const leaveEarly = await subscribe(url, query, 200)
  leaveEarly()
  const before = await server.collectGarbage()
  const leave = await subscribe(url, query, subscriberCount)
  const during = await server.collectGarbage()
  leave()
  const after = await server.collectGarbage()
  return {
    usedKib: (during.used - before.used) / 1024 / subscriberCount,
    residentKib: (during.resident - before.resident) / 1024 / subscriberCount,
    kept: (after.used - before.used) / (during.used - before.used),
  }
}

async function measureLimit(): Promise<Figures> {
  await using server = await ServerProcess.startCollectable([limitServer])
  return await measure(server, `${server.url}/all`, null)
}

async function measureSegue(): Promise<Figures> {
  await using server = await startCollectableSegue()
  const query = followSession(await startChat(server.url, 'Hello', 'ses'))
  return await measure(server, `${server.url}/graphql`, query)
}

/** Returns the rows, and all rounds. */
export async function measureSubscribers(): Promise<{ rows: BenchmarkRow[]; details: object }> {
  const results = await runRounds('idle subscribers', 1, [
    { name: 'limit', measure: measureLimit },
    { name: 'Segue', measure: measureSegue },
  ])
  const kib = median(results['Segue']?.map(({ usedKib }) => usedKib))
  const kept = median(results['Segue']?.map((figures) => figures.kept))
  const limit = 'a bare ws socket'
  const rows = [
    { what: 'an idle subscriber as a part of 10 KiB', segue: kib / 10, aim: 1 },
    { what: 'the part of it that stays after it has left', segue: kept, aim: 0.1 },
  ].map((row) => Object.assign(row, { limit, peers: {}, lowerIsBetter: true }))
  return { rows, details: results }
}
