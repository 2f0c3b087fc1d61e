import { createSegueClient, type SegueClient, type SegueClientOptions } from '../../src/index.ts'

export const transports = ['sse', 'ws'] as const

/** A client that tries again soon, and is closed at the end of its block. */
export function newClient(options: SegueClientOptions): SegueClient & Disposable {
  const client = createSegueClient({ reconnect: { minDelayMs: 10, maxDelayMs: 200 }, ...options })
  return Object.assign(client, { [Symbol.dispose]: () => client.close() })
}

/** All values of an iteration. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = []
  for await (const value of values) collected.push(value)
  return collected
}

/** Reads an iteration until a value matches, and leaves it there. */
export async function readUntil<Value>(
  values: AsyncIterable<Value>,
  matches: (value: Value) => boolean,
): Promise<Value[]> {
  const read: Value[] = []
  for await (const value of values) {
    read.push(value)
    if (matches(value)) return read
  }
  throw new Error(`No value matched: ${JSON.stringify(read)}`)
}

/** What a promise rejects with. */
export async function catchError(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  )
}
