import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema } from 'graphql'
import { sha256Hex } from '../../src/lib/text/sha256.ts'
import { SeededRandom } from '../chaos/seeded-random.ts'
import { newHome } from '../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { ResponseChecker } from './check-response.ts'
import { fuzzBatch } from './fuzz-batch.ts'
import { createFuzzConfig, type FuzzCaller, fuzzCallers } from './fuzz-callers.ts'
import { fuzzFiles } from './fuzz-files.ts'
import { fuzzOperation } from './fuzz-operation.ts'
import { type FuzzSession, makeOperation } from './fuzz-session.ts'
import { heapSamplerEnv, measureHeap } from './heap-sampler.ts'
import { KnownValues } from './known-values.ts'
import { plantDocuments, plantMarkers } from './plant-markers.ts'
import { FuzzSocket } from './send-operation.ts'

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))
const workerCount = 6
const maxFindings = 20
/** Markers are planted again after so many operations, because some operations delete them. */
const plantEvery = 300
const heapSampleCount = 10
/** How much the heap may grow after the first third of a run, in megabytes: caches fill up. */
const maxHeapGrowth = 60

export interface FuzzOptions {
  readonly seed: number
  /** How many operations are sent, unless the time is over before. */
  readonly operations?: number
  readonly durationMs?: number
  /** Whether the server executes only the documents of its file. Default: false. */
  readonly onlyTrusted?: boolean
}

export interface FuzzReport {
  readonly seed: number
  readonly operations: number
  /** How many documents were valid. */
  readonly valid: number
  /** How many results had data. */
  readonly withData: number
  /** How many results had the marker of a profile that the caller may see. */
  readonly markersSeen: number
  readonly codes: Readonly<Record<string, number>>
  /** The heap of the server after garbage collections, in megabytes. */
  readonly heap: readonly number[]
  /** What must not happen and did. */
  readonly findings: readonly string[]
}

/** Sends random operations to a real server over all transports, as callers of all roles and two profiles. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const home = newHome()
  const { seed, onlyTrusted = false } = options
  const trusted = makeTrustedDocuments(seed)
  const texts = [...trusted.map(([, { query }]) => query), ...plantDocuments]
  const documents = Object.fromEntries(texts.map((text) => [`sha256:${sha256Hex(text)}`, text]))
  const file = 'persisted-documents.json'
  writeFileSync(join(home, file), JSON.stringify(documents))
  writeFileSync(join(home, 'config.json'), JSON.stringify(createFuzzConfig({ file, only: onlyTrusted })))
  const argv = ['--port', '0', '--home', home, '--no-hermes', '--log-level', 'warn', '--offline-delay', '0']
  const server = await startServerProcess({ argv, env: heapSamplerEnv })
  try {
    return await new FuzzRun(server, trusted, options).run()
  } finally {
    await server.stop('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  }
}

/** Documents of an application that the server knows, by the hashes that name them. */
function makeTrustedDocuments(seed: number): FuzzSession['trusted'] {
  const random = new SeededRandom(seed)
  const operations = Array.from({ length: 40 }, () =>
    makeOperation({ schema, random, known: new KnownValues(), trusted: [], onlyTrusted: false }),
  )
  return operations.map(({ operation }) => [sha256Hex(operation.query), operation])
}

class FuzzRun {
  readonly #server: ServerProcess
  readonly #seed: number
  readonly #maxOperations: number
  readonly #durationMs: number
  readonly #endsAt: number
  readonly #session: FuzzSession
  readonly #findings = new Map<string, string>()
  readonly #heap: number[] = []
  #started = 0
  #valid = 0
  #withData = 0

  constructor(
    server: ServerProcess,
    trusted: FuzzSession['trusted'],
    { seed, operations = Infinity, durationMs = Infinity, onlyTrusted = false }: FuzzOptions,
  ) {
    this.#server = server
    const checker = new ResponseChecker(schema)
    this.#session = { url: server.url, schema, known: new KnownValues(), checker, trusted, onlyTrusted }
    this.#seed = seed
    this.#maxOperations = operations
    this.#durationMs = durationMs
    this.#endsAt = performance.now() + durationMs
  }

  async run(): Promise<FuzzReport> {
    await this.#plant()
    await Promise.all(Array.from({ length: workerCount }, () => this.#work()))
    await this.#sampleHeap()
    this.#checkHeap()
    this.#checkProcess()
    return {
      seed: this.#seed,
      operations: this.#started,
      valid: this.#valid,
      withData: this.#withData,
      markersSeen: this.#session.checker.markersSeen,
      codes: this.#session.checker.codes,
      heap: this.#heap,
      findings: [...this.#findings.values()],
    }
  }

  async #work(): Promise<void> {
    const sockets = new Map(fuzzCallers.map((caller) => [caller, new FuzzSocket(this.#server.url, caller)]))
    while (this.#progress < 1 && this.#findings.size < maxFindings && !this.#hasEnded) {
      const index = (this.#started += 1)
      if (index % plantEvery === 0) await this.#plant()
      if (this.#heap.length < this.#progress * heapSampleCount) await this.#sampleHeap()
      await this.#sendOne(new SeededRandom(this.#seed + index * 7919), sockets)
    }
    for (const socket of sockets.values()) socket.close()
  }

  get #hasEnded(): boolean {
    const { exitCode, signalCode } = this.#server.process
    return exitCode !== null || signalCode !== null
  }

  /** From 0 to 1. */
  get #progress(): number {
    const timeLeft = (this.#endsAt - performance.now()) / this.#durationMs
    return Math.max(this.#started / this.#maxOperations, Number.isNaN(timeLeft) ? 0 : 1 - timeLeft)
  }

  async #sendOne(random: SeededRandom, sockets: ReadonlyMap<FuzzCaller, FuzzSocket>): Promise<void> {
    const caller = random.pick(fuzzCallers)
    const socket = sockets.get(caller) ?? new FuzzSocket(this.#session.url, caller)
    const kind = random.next()
    const fuzz = kind < 0.8 ? fuzzOperation : kind < 0.9 ? fuzzBatch : fuzzFiles
    try {
      const { problem, sent, results, isValid } = await fuzz({ ...this.#session, random, caller, socket })
      if (isValid) this.#valid += 1
      for (const text of results) this.#session.known.collect(text)
      if (results.some((text) => text.includes('"data":{'))) this.#withData += 1
      if (problem) this.#add([problem, caller.token, sent, results.join('\n').slice(0, 800)].join('\n'), problem)
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? `, ${String(error.cause)}` : ''
      this.#add(`No response: ${String(error)}${cause} (${fuzz.name} of ${caller.token})`)
    }
  }

  async #plant(): Promise<void> {
    try {
      for (const text of await plantMarkers(this.#server.url)) this.#session.known.collect(text)
    } catch (error) {
      this.#add(`Planting the markers failed: ${String(error)}`)
    }
  }

  async #sampleHeap(): Promise<void> {
    this.#heap.push(0)
    const index = this.#heap.length - 1
    this.#heap[index] = await measureHeap(this.#server.output.stderr)
  }

  #checkHeap(): void {
    const early = Math.max(...this.#heap.slice(0, Math.ceil(this.#heap.length / 3)))
    const late = Math.min(...this.#heap.slice(-2))
    if (late > early + maxHeapGrowth) this.#add(`The heap has grown: ${this.#heap.join(', ')} MB.`)
  }

  #checkProcess(): void {
    const { stderr } = this.#server.output
    if (this.#hasEnded) this.#add(`The server has ended:\n${stderr.slice(-2000)}`)
    for (const line of stderr.split('\n'))
      if (/"level":[56]0/.test(line)) this.#add(`The server logged an error: ${line.slice(0, 1500)}`)
  }

  /** Adds a finding, once. Those that differ only in an id are one. */
  #add(finding: string, key = finding): void {
    const digest = key.replaceAll(/[0-9a-f]{4,}|\d+/g, '#').slice(0, 120)
    if (!this.#findings.has(digest)) this.#findings.set(digest, finding)
  }
}
