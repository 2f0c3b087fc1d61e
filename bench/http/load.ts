import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { type ServerProcess, spawnPinned } from '../support/pinned-process.ts'

const connections = 10

const resultSchema = z.object({
  requests: z.object({ total: z.number() }),
  latency: z.object({ p50: z.number(), p99: z.number() }),
  duration: z.number(),
  non2xx: z.number(),
  errors: z.number(),
})

export interface LoadResult {
  readonly requestsPerSecond: number
  /** Of CPU time of the server. What else the machine does changes it little. */
  readonly requestsPerCpuSecond: number
  readonly latencyMs: { readonly p50: number; readonly p99: number }
}

/** Sends a query again and again over 10 connections, from a process of its own. Throws if a request fails. */
export async function sendLoad(server: ServerProcess, query: string, seconds: number): Promise<LoadResult> {
  const autocannon = createRequire(join(import.meta.dirname, '..', 'peers', 'package.json')).resolve('autocannon')
  const body = JSON.stringify({ query })
  const flags = ['--json', '--no-progress', '-c', String(connections), '-d', String(seconds), '-m', 'POST']
  const cpuBefore = server.readCpuSeconds()
  const { stdout } = spawnPinned('load', [
    ...[autocannon, ...flags, '-H', 'content-type: application/json', '-b', body],
    `${server.url}/graphql`,
  ])
  if (!stdout) throw new Error('The process has no stdout.')
  const { requests, latency, duration, non2xx, errors } = resultSchema.parse(JSON.parse(await text(stdout)))
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests failed.`)
  return {
    requestsPerSecond: requests.total / duration,
    requestsPerCpuSecond: requests.total / (server.readCpuSeconds() - cpuBefore),
    latencyMs: latency,
  }
}
