// Measures streams with one, two and three servers on one PostgreSQL, next to one server on SQLite: how many a second, how soon
// an event is delivered by another server, and the CPU time of a token. Takes 40 s. Usage: npm run bench -- postgres
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { findPostgresPrograms } from '../tests/support/postgres/postgres-programs.ts'
import { startPostgresServer } from '../tests/support/postgres/postgres-server.ts'
import { newTempFolder } from '../tests/support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../tests/support/server/server-process.ts'
import { readCpuSeconds } from './postgres/cpu-seconds.ts'
import { runStreams } from './postgres/run-streams.ts'
import { printFigures } from './support/figures.ts'

const [warmUpSeconds, measuredSeconds] = [2, 5]
const results = join(import.meta.dirname, 'results')

/** Measures with so many servers. `databasePid`: of the database, whose CPU time counts as well; null for SQLite. */
async function measure(serverCount: number, databaseUrl: string | null, databasePid: number | null) {
  await using servers = new AsyncDisposableStack()
  const homes = Array.from({ length: serverCount }, () => newTempFolder())
  servers.defer(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })))
  const started: ServerProcess[] = []
  for (const home of homes) {
    const argv = ['--port', '0', '--home', home, '--no-hermes', '--offline-delay', '0']
    const env = databaseUrl === null ? {} : { SEGUE_DATABASE_URL: databaseUrl }
    // The benchmark asks more often than a person.
    const limits = { requestsPerMinute: 1_000_000 }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ limits }))
    started.push(servers.use(await startServerProcess({ argv, env })))
  }
  const urls = started.map(({ url }) => url)
  const readAllCpu = () => ({
    servers: started.reduce((sum, server) => sum + readCpuSeconds(server.process.pid ?? 0), 0),
    database: databasePid === null ? 0 : readCpuSeconds(databasePid),
  })
  await runStreams(urls, warmUpSeconds)
  const before = readAllCpu()
  const { streamsPerSecond, tokens, deliveryMs } = await runStreams(urls, measuredSeconds)
  const after = readAllCpu()
  return {
    'streams a second': streamsPerSecond,
    'event to delivery p50, ms': deliveryMs.p50,
    'event to delivery p99, ms': deliveryMs.p99,
    'CPU per token, servers, µs': ((after.servers - before.servers) * 1e6) / tokens,
    'CPU per token, database, µs': ((after.database - before.database) * 1e6) / tokens,
  }
}

function hasPostgres(): boolean {
  try {
    return findPostgresPrograms() !== ''
  } catch {
    return false
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
}

const rows: Record<string, Readonly<Record<string, number>>> = {}
const add = (what: string, figures: Readonly<Record<string, number>>): void => {
  rows[what] = figures
  printFigures(what, figures)
}

if (hasPostgres()) {
  add('SQLite, 1 server', await measure(1, null, null))
  await using database = await startPostgresServer()
  const [pid] = readFileSync(join(database.host, 'data', 'postmaster.pid'), 'utf8').split('\n')
  for (const count of [1, 2, 3]) {
    const name = `bench_${count}`
    await createDatabase(database.toUrl('postgres'), name)
    add(`PostgreSQL, ${count} server${count > 1 ? 's' : ''}`, await measure(count, database.toUrl(name), Number(pid)))
  }
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'postgres.json'), `${JSON.stringify({ name: 'postgres', rows }, null, 2)}\n`)
  process.stdout.write('Written to bench/results/postgres.json\n')
} else process.stdout.write('Skipped: PostgreSQL is not installed. Install it: apt-get install postgresql.\n')
