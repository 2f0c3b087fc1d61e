// Compares queries over HTTP with the same work without GraphQL, and with other GraphQL servers.
// Usage: npm run bench -- http [scenarios] [--rounds 3] [--seconds 2] [--small] [--alone]
import { deepStrictEqual } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import buildProgram, { builtProgram } from '../tests/support/server/built-program.ts'
import { newTempFolder } from '../tests/support/server/segue.ts'
import { openBenchHome } from './http/bench-home.ts'
import { type LoadResult, sendLoad } from './http/load.ts'
import { type Scenario, scenarios } from './http/scenarios.ts'
import { percentile } from './support/figures.ts'
import { ServerProcess } from './support/pinned-process.ts'
import { type BenchmarkRow, reportBenchmark } from './support/report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    /** Only Segue and the limit. */
    alone: { type: 'boolean', default: false },
    /** Without the home of a million sessions. */
    small: { type: 'boolean', default: false },
  },
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
const isWanted = ({ name }: { readonly name: string }): boolean =>
  positionals.length === 0 || positionals.includes(name)

/** A server is not warmed up longer than that. */
const maxWarmUpSeconds = 10
/** It is warm if it was not faster by that factor for three seconds. */
const warmUpGrowth = 1.03

type Servers = Readonly<Record<string, ServerProcess>>
type Results = Readonly<Record<string, readonly LoadResult[]>>

const root = join(import.meta.dirname, '..')
if (
  spawnSync(process.execPath, [join(root, 'scripts', 'install.mjs'), 'bench/peers'], { stdio: 'inherit' }).status !== 0
)
  throw new Error('The peers could not be installed.')

buildProgram()

function startSegue(home: string): Promise<ServerProcess> {
  const flags = ['--home', home, '--port', '0', '--no-hermes']
  return ServerProcess.start([builtProgram, ...flags], {
    PATH: process.env['PATH'],
    HOME: newTempFolder(),
  })
}

async function fetchData(server: ServerProcess, query: string): Promise<unknown> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  return JSON.parse(await response.text())
}

/** Sends a query until the server grows no faster: V8 has compiled what it runs most then. A larger program takes longer. */
async function warmUp(server: ServerProcess, query: string): Promise<void> {
  let fastest = 0
  for (let second = 0, since = 0; second < maxWarmUpSeconds && since < 3; second += 1) {
    const { requestsPerCpuSecond } = await sendLoad(server, query, 1)
    since = requestsPerCpuSecond > fastest * warmUpGrowth ? 0 : since + 1
    fastest = Math.max(fastest, requestsPerCpuSecond)
  }
}

/** Sends a query to each server in turn, in alternating order. */
async function measure(servers: Servers, query: string): Promise<Results> {
  const results: Record<string, LoadResult[]> = Object.fromEntries(Object.keys(servers).map((name) => [name, []]))
  for (const server of Object.values(servers)) await warmUp(server, query)
  for (let round = 0; round < rounds; round += 1) {
    const inOrder = Object.entries(servers)
    for (const [name, server] of round % 2 === 0 ? inOrder : inOrder.toReversed())
      results[name]?.push(await sendLoad(server, query, seconds))
  }
  return results
}

const toMedian = (results: readonly LoadResult[] = []): number =>
  percentile(
    results.map(({ requestsPerCpuSecond }) => requestsPerCpuSecond),
    0.5,
  )

function printResults(what: string, results: Results): void {
  process.stdout.write(`${what}\n`)
  for (const [name, each] of Object.entries(results)) {
    const all = each.map(({ requestsPerCpuSecond }) => Math.round(requestsPerCpuSecond))
    const latency = each.map(({ latencyMs }) => latencyMs.p99)
    process.stdout.write(
      `  ${name.padEnd(12)} ${Math.round(toMedian(each)).toLocaleString('en').padStart(8)} requests a CPU-second (${Math.min(...all)} to ${Math.max(...all)}), p99 ${percentile(latency, 0.5)} ms\n`,
    )
  }
}

async function compareScenario(scenario: Scenario, servers: Servers): Promise<[BenchmarkRow, Results]> {
  const { what, limit, query, aim } = scenario
  const answers = await Promise.all(Object.values(servers).map((server) => fetchData(server, query)))
  // Only the same work can be compared.
  for (const answer of answers) deepStrictEqual(answer, answers[0])
  const results = await measure(servers, query)
  printResults(what, results)
  const toRatio = (name: string): number => toMedian(results[name]) / toMedian(results['limit'])
  const peers = Object.keys(servers).filter((name) => name !== 'limit' && name !== 'Segue')
  const row = { what, limit, aim, segue: toRatio('Segue') }
  return [{ ...row, peers: Object.fromEntries(peers.map((name) => [name, toRatio(name)])) }, results]
}

async function compareWithPeers(): Promise<[BenchmarkRow, Results][]> {
  const wanted = scenarios.filter(isWanted)
  if (wanted.length === 0) return []
  await using resources = new AsyncDisposableStack()
  const { home, flatDatabase } = await openBenchHome(100_000)
  const startPeer = async (name: string): Promise<ServerProcess> =>
    resources.use(await ServerProcess.start([join(import.meta.dirname, 'peers', `${name}.mjs`), flatDatabase]))
  const servers = {
    limit: await startPeer('limit'),
    Segue: resources.use(await startSegue(home)),
    ...(!values.alone && {
      Mercurius: await startPeer('mercurius'),
      Yoga: await startPeer('yoga'),
      Apollo: await startPeer('apollo'),
    }),
  }
  const rows: [BenchmarkRow, Results][] = []
  for (const scenario of wanted) rows.push(await compareScenario(scenario, servers))
  return rows
}

/** The time of a first page of a million sessions, compared with that of a thousand. */
async function compareSizes(): Promise<[BenchmarkRow, Results][]> {
  if (values.small || !isWanted({ name: 'million' })) return []
  await using resources = new AsyncDisposableStack()
  const start = async (sessions: number): Promise<ServerProcess> =>
    resources.use(await startSegue((await openBenchHome(sessions)).home))
  const servers = { '1,000': await start(1000), '1,000,000': await start(1_000_000) }
  const query = scenarios.find(({ name }) => name === 'sessions')?.query ?? ''
  const results = await measure(servers, query)
  printResults('sessions(first: 100), by the number of sessions', results)
  const memory = { limit: servers['1,000'].readMemoryMb(), segue: servers['1,000,000'].readMemoryMb() }
  process.stdout.write(`  memory ${Math.round(memory.limit)} and ${Math.round(memory.segue)} MB\n`)
  const base = { limit: 'Segue with 1,000 sessions', peers: {}, aim: 1.1, lowerIsBetter: true }
  const time = toMedian(results['1,000']) / toMedian(results['1,000,000'])
  return [
    [{ ...base, what: 'first page at 1,000,000 sessions: CPU time', segue: time }, results],
    [{ ...base, what: 'first page at 1,000,000 sessions: memory', segue: memory.segue / memory.limit }, {}],
  ]
}

const measured = [...(await compareWithPeers()), ...(await compareSizes())]
reportBenchmark({ name: 'http', rows: measured.map(([row]) => row), details: measured.map(([, results]) => results) })
