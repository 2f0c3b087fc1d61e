import type { Client, Operation, Result, ResultError } from './clients.ts'

/** What a query or a mutation was answered. Fails for an answer with errors. */
export async function ask<Data, Variables extends object>(
  client: Client,
  operation: Operation<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return dataOf(await client.execute(operation, variables))
}

/** What each result of a subscription holds. Fails at one with errors. */
export async function* follow<Data, Variables extends object>(
  client: Client,
  operation: Operation<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const result of client.subscribe(operation, variables)) yield dataOf(result)
}

/** The one error of a query or a mutation that was refused. Fails when it was not. */
export async function refusal<Variables extends object>(
  client: Client,
  operation: Operation<unknown, Variables>,
  variables: Variables,
): Promise<Refusal> {
  return refusalOf(await client.execute(operation, variables))
}

/** The one error of a subscription that was refused. Fails when it began. */
export async function refusalToFollow<Variables extends object>(
  client: Client,
  operation: Operation<unknown, Variables>,
  variables: Variables,
): Promise<Refusal> {
  for await (const result of client.subscribe(operation, variables)) return refusalOf(result)
  throw new Error('the subscription ended without a result')
}

export interface Refusal extends Record<string, unknown> {
  /** One of ErrorCode. */
  readonly code: unknown
  readonly message: string
}

/** An error's message together with its extensions. */
export function refusalOf({ data, errors }: Result<unknown>): Refusal {
  const [error] = errors ?? []
  if (!error || errors?.length !== 1) throw new Error(`not one error but ${describe(errors)} with ${describe(data)}`)
  return { code: null, ...error.extensions, message: error.message }
}

function dataOf<Data>({ data, errors }: Result<Data>): Data {
  if (errors) throw new Error(`refused: ${describe(errors)}`)
  if (data === null || data === undefined) throw new Error('neither data nor errors')
  return data
}

function describe(value: readonly ResultError[] | unknown): string {
  return JSON.stringify(value)
}

/** What is there. Fails when it is not: for what a test has just made. */
export function found<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('it is not there')
  return value
}

/** Reads on up to the value that is looked for, that one included. Fails when the end comes first. */
export async function readTo<T, Wanted extends T>(
  values: AsyncIterator<T>,
  isWanted: (value: T) => value is Wanted,
): Promise<{ seen: T[]; last: Wanted }> {
  const seen: T[] = []
  for (let next = await values.next(); !next.done; next = await values.next()) {
    seen.push(next.value)
    if (isWanted(next.value)) return { seen, last: next.value }
  }
  throw new Error(`it ended after ${seen.length} values without the one that was looked for`)
}

/** What is waited for. Until it is there something is done, again and again: for what only comes when something happens. */
export async function stirring<T>(awaited: Promise<T>, stir: (round: number) => Promise<unknown>): Promise<T> {
  const there = awaited.then(() => true)
  for (let round = 0; ; round += 1) {
    const isThere = await Promise.race([there, stir(round).then(() => false)])
    if (isThere) return awaited
  }
}
