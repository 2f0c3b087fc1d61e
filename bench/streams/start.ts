// How long the server takes from the start of its process until it is ready, and how much memory it holds then.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BenchmarkRow } from '../support/report.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { median, runRounds } from './rounds.ts'
import { newSegueArguments } from './segue-server.ts'

interface Start {
  /** CPU time until it is ready, in milliseconds. It does not depend on what else the machine does. */
  readonly cpuMs: number
  readonly readyMs: number
  readonly residentMb: number
}

const emptyServer = join(import.meta.dirname, 'servers', 'empty.mjs')

async function measure(args: readonly string[]): Promise<Start> {
  const { PATH, HOME } = process.env
  const startedAt = performance.now()
  await using server = await ServerProcess.start(args, { PATH, HOME })
  const [readyMs, cpuMs] = [performance.now() - startedAt, server.readCpuSeconds() * 1000]
  // What was needed only to start may be freed.
  await pause(1_000)
  return { readyMs, cpuMs, residentMb: server.readMemoryMb() }
}

/** Returns the rows, and all rounds. Measures the build that `npm start` runs. */
export async function measureStart(): Promise<{ rows: BenchmarkRow[]; details: object }> {
  const contenders = [
    { name: 'limit', measure: () => measure([emptyServer]) },
    { name: 'Segue', measure: () => measure(newSegueArguments(null)) },
  ]
  // Compiles what the caches of the compiler keep.
  for (const contender of contenders) await contender.measure()
  const results = await runRounds('start', 5, contenders)
  const figure = (name: string, key: keyof Start): number => median(results[name]?.map((start) => start[key]))
  const limit = 'an empty node:http server that imports graphql-yoga, better-sqlite3 and graphql-ws'
  const ratio = figure('Segue', 'cpuMs') / figure('limit', 'cpuMs')
  const rows = [
    { what: 'start to ready, CPU', segue: ratio, aim: 1.3 },
    { what: 'memory when ready as a part of 100 MB', segue: figure('Segue', 'residentMb') / 100, aim: 1 },
  ].map((row) => Object.assign(row, { limit, peers: {}, lowerIsBetter: true }))
  return { rows, details: results }
}
