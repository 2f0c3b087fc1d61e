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
}

/** Segue collects its garbage within this time once it is idle. */
const idleMs = 7_000
const emptyServer = join(import.meta.dirname, 'servers', 'empty.mjs')

function start(args: readonly string[]): Promise<ServerProcess> {
  const { PATH, HOME } = process.env
  return ServerProcess.start(args, { PATH, HOME })
}

async function measure(args: readonly string[]): Promise<Start> {
  const startedAt = performance.now()
  await using server = await start(args)
  return { readyMs: performance.now() - startedAt, cpuMs: server.readCpuSeconds() * 1000 }
}

/** The memory of a server that has been idle since its start, in megabytes. */
async function measureMemory(args: readonly string[]): Promise<number> {
  await using server = await start(args)
  await pause(idleMs)
  return server.readMemoryMb()
}

/** Returns the rows, and all rounds. Measures the build that `npm start` runs. */
export async function measureStart(): Promise<{ rows: BenchmarkRow[]; details: object }> {
  const contenders = [
    { name: 'limit', measure: () => measure([emptyServer]) },
    { name: 'Segue', measure: () => measure(newSegueArguments(null)) },
  ]
  // These fill the caches of the compiler, too.
  const [limitMb, segueMb] = [await measureMemory([emptyServer]), await measureMemory(newSegueArguments(null))]
  const results = await runRounds('start', 5, contenders)
  const findCpuMs = (name: string): number => median(results[name]?.map(({ cpuMs }) => cpuMs))
  const limit = 'an empty node:http server that imports graphql-yoga, better-sqlite3 and graphql-ws'
  const rows = [
    { what: 'start to ready, CPU', segue: findCpuMs('Segue') / findCpuMs('limit'), aim: 1.3 },
    { what: 'memory of an idle server as a part of 100 MB', segue: segueMb / 100, aim: 1 },
  ].map((row) => Object.assign(row, { limit, peers: {}, lowerIsBetter: true }))
  return { rows, details: { ...results, memoryMb: { limit: limitMb, Segue: segueMb } } }
}
