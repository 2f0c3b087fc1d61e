import { expect, onTestFinished } from 'vitest'
import { ChatClient } from '../clients/chat-client.ts'
import type { TestSegue, TestSegueOptions } from '../server/segue.ts'
import { startOnPostgres } from './start-on-postgres.ts'
import { useTestDatabase } from './test-postgres-database.ts'

type Data = Readonly<Record<string, unknown>>

/** A server with one database, and a client of it. */
export class ConnectedServer {
  readonly segue: TestSegue
  readonly client: ChatClient

  constructor(segue: TestSegue) {
    this.segue = segue
    this.client = new ChatClient(segue.url)
  }

  /** The root field `result` of an operation. Throws an ApiError. */
  async ask(query: string, variables: Data = {}): Promise<unknown> {
    return (await this.client.ask(query, variables))['result']
  }

  /** Subscribes, and collects the root fields `result` until the subscription or the test ends. */
  subscribe(query: string, variables: Data = {}): Subscription {
    return new Subscription(this.client.subscribe(query, variables))
  }
}

/** What a subscription has delivered. */
export class Subscription {
  readonly events: unknown[] = []
  /** Resolves when the subscription has completed. */
  readonly completed: Promise<void>

  constructor(source: AsyncIterable<Data>) {
    this.completed = this.#read(source)
    // The connection is closed at the end of the test.
    this.completed.catch(() => undefined)
  }

  async waitForFirst(): Promise<void> {
    await expect.poll(() => this.events.length).toBeGreaterThan(0)
  }

  /** The events so far that have these fields. */
  list(fields: object): unknown[] {
    return this.events.filter((event) => isMatch(event, fields))
  }

  /** Waits until the newest event matches. */
  async waitForNewest(expected: object): Promise<void> {
    await expect.poll(() => this.events.at(-1)).toMatchObject(expected)
  }

  async #read(source: AsyncIterable<Data>): Promise<void> {
    for await (const { result } of source) this.events.push(result)
  }
}

type Servers = readonly [ConnectedServer, ConnectedServer, ConnectedServer]

/** Starts three servers with one database, each with a home of its own. They are closed when the test has ended. */
export async function startThreeServers(settings: TestSegueOptions['settings'] = {}): Promise<Servers> {
  const database = await useTestDatabase()
  const start = async (): Promise<ConnectedServer> => {
    const server = new ConnectedServer(await startOnPostgres(database, { settings }))
    onTestFinished(async () => {
      await server.client[Symbol.asyncDispose]()
      await server.segue[Symbol.asyncDispose]()
    })
    return server
  }
  // The first one creates the tables.
  return [await start(), await start(), await start()]
}

/** Sends an operation to several servers at the same moment. Resolves to what succeeds, and to the codes of the other ones. */
export async function raceOperations(
  operations: readonly (readonly [server: ConnectedServer, query: string, variables?: Data])[],
): Promise<{ readonly results: readonly unknown[]; readonly codes: readonly string[] }> {
  const settled = await Promise.allSettled(operations.map(([server, query, variables]) => server.ask(query, variables)))
  return {
    results: settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
    codes: settled.flatMap((each) => (each.status === 'rejected' ? [String(each.reason.code)] : [])),
  }
}

function isMatch(event: unknown, fields: object): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    Object.entries(fields).every(([name, value]) => Reflect.get(event, name) === value)
  )
}
