import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { fillWithFile } from '../server/small-disk.ts'
import { startTcpProxy, type TcpProxy } from '../server/tcp-proxy.ts'
import { makeUnprivilegedFolder, PostgresProcess, runPostgresProgram } from './postgres-process.ts'
import { initializeDatabases } from './postgres-server.ts'

/** The disk of an instance, in memory. Its databases take 80 MB, its log up to 64. */
const diskSize = '256m'

/** A replica whose primary was started again connects to it at once. */
const settings = ['wal_retrieve_retry_interval=50ms', 'max_wal_size=64MB', 'min_wal_size=32MB', 'wal_keep_size=32MB']

interface Instance {
  readonly folder: string
  /** The folder is a disk of its own. */
  readonly hasDisk: boolean
  process: PostgresProcess
}

/**
 * A PostgreSQL that commits to a streaming replica as well, behind a TCP proxy that leads to the one that accepts writes. It fails
 * in the ways in which managed databases do.
 */
export class ReplicatedPostgres implements AsyncDisposable {
  readonly #folder: string
  readonly #proxy: TcpProxy
  readonly #instances: { primary: Instance; replica: Instance }
  #count = 2

  private constructor(folder: string, instances: { primary: Instance; replica: Instance }, proxy: TcpProxy) {
    this.#folder = folder
    this.#instances = instances
    this.#proxy = proxy
  }

  static async start(): Promise<ReplicatedPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'segue-postgres-'))
    if (process.getuid?.() === 0) makeUnprivilegedFolder(folder)
    const primary = await startInstance(folder, 1, initializeDatabases)
    const instances = { primary, replica: await startReplica(folder, 2, primary) }
    const proxy = await startTcpProxy(() => ({ path: join(instances.primary.folder, '.s.PGSQL.5432') }))
    return new ReplicatedPostgres(folder, instances, proxy)
  }

  /** The URL of the database `postgres`, through the proxy. */
  get url(): string {
    return `postgres://segue@127.0.0.1:${new URL(this.#proxy.url).port}/postgres`
  }

  /** Whether its disk can be full: only root may mount one. */
  get hasDisk(): boolean {
    return this.#instances.primary.hasDisk
  }

  /** Resets all connections. */
  cutConnections(): void {
    this.#proxy.resetConnections()
  }

  /** Refuses connections while the work is done. */
  async refuseConnections(work: () => Promise<void>): Promise<void> {
    this.#proxy.refuseConnections()
    await work().finally(() => this.#proxy.acceptConnections())
  }

  /** Delays what is sent in both directions while the work is done: each piece by the next number of milliseconds. */
  async slowConnections(nextDelayMs: () => number, work: () => Promise<void>): Promise<void> {
    this.#proxy.delayChunks(nextDelayMs)
    await work().finally(() => this.#proxy.delayChunks(null))
  }

  /** Ends all connections, as a crash does, and starts again. */
  async restart(): Promise<void> {
    await this.#instances.primary.process.stop('SIGQUIT')
    await this.#startPrimary()
  }

  /** Crashes. The replica takes over, and gets a replica of its own. */
  async failOver(): Promise<void> {
    const { primary: lost, replica } = this.#instances
    await this.refuseConnections(async () => {
      await lost.process.stop('SIGQUIT')
      await runSqlAt(replica, 'SELECT pg_promote()')
      this.#instances.primary = replica
    })
    removeFolder(lost)
    this.#instances.replica = await startReplica(this.#folder, (this.#count += 1), replica)
  }

  /** Has no room on its disk while the work is done. PostgreSQL stops when it has none for its log, and is started again. */
  async fillDisk(work: () => Promise<void>): Promise<void> {
    const filler = join(this.#instances.primary.folder, 'filler')
    fillWithFile(filler)
    await work().finally(() => rmSync(filler))
    await this.#startPrimary()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { primary, replica } = this.#instances
    await this.#proxy[Symbol.asyncDispose]()
    for (const instance of [replica, primary]) {
      await instance.process.stop('SIGQUIT')
      removeFolder(instance)
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #startPrimary(): Promise<void> {
    const { primary } = this.#instances
    if (!primary.process.isRunning) primary.process = await PostgresProcess.start(primary.folder, settings)
  }
}

async function startInstance(
  parent: string,
  number: number,
  createData: (folder: string) => Promise<void>,
): Promise<Instance> {
  const folder = join(parent, String(number))
  mkdirSync(folder)
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}`, 'tmpfs', folder])
  const instance = { folder: makeUnprivilegedFolder(folder), hasDisk: mount.status === 0 }
  await createData(folder)
  return { ...instance, process: await PostgresProcess.start(folder, settings) }
}

/** A commit of the primary waits for its replica from then on. */
async function startReplica(parent: string, number: number, primary: Instance): Promise<Instance> {
  const replica = await startInstance(parent, number, (folder) => {
    const args = ['-D', join(folder, 'data'), '-h', primary.folder, '-U', 'segue', '-R', '-c', 'fast', '--no-sync']
    return runPostgresProgram(folder, 'pg_basebackup', args)
  })
  await runSqlAt(primary, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
  await runSqlAt(primary, 'SELECT pg_reload_conf()')
  return replica
}

async function runSqlAt({ folder }: Instance, sql: string): Promise<void> {
  const client = new pg.Client({ host: folder, user: 'segue', database: 'postgres' })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

function removeFolder({ folder, hasDisk }: Instance): void {
  if (hasDisk) spawnSync('umount', ['--lazy', folder])
  rmSync(folder, { recursive: true, force: true })
}
