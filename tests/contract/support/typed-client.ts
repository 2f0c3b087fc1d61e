import type { Client, Operation, Result, ResultError } from './clients.ts'

/** Returns the data of a query or mutation. Fails if the response has errors. */
export async function ask<Data, Variables extends object>(
  client: Client,
  operation: Operation<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return requireData(await client.execute(operation, variables))
}

/** The data of a mutation that succeeded: its fields are null only where there is an error. */
type SucceededMutation<Data> = { [Field in keyof Data]: NonNullable<Data[Field]> }

/** Returns the data of a mutation. Fails if the response has errors. */
export async function mutate<Data extends object, Variables extends object>(
  client: Client,
  operation: Operation<Data, Variables>,
  variables: Variables,
): Promise<SucceededMutation<Data>> {
  const data = await ask(client, operation, variables)
  if (hasAllFields(data)) return data
  throw new Error(`A field is null without an error: ${toJsonText(data)}`)
}

function hasAllFields<Data extends object>(data: Data): data is Data & SucceededMutation<Data> {
  return Object.values(data).every((value) => value !== null)
}

/** Yields the data of each result of a subscription. Fails if a result has errors. */
export async function* follow<Data, Variables extends object>(
  client: Client,
  operation: Operation<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const result of client.subscribe(operation, variables)) yield requireData(result)
}

/** Returns the only error of a refused query or mutation. Fails if it was not refused. */
export async function expectRefusal<Variables extends object>(
  client: Client,
  operation: Operation<unknown, Variables>,
  variables: Variables,
): Promise<Refusal> {
  return requireSingleError(await client.execute(operation, variables))
}

/** Returns the only error of a refused subscription. Fails if it was not refused. */
export async function expectSubscriptionRefusal<Variables extends object>(
  client: Client,
  operation: Operation<unknown, Variables>,
  variables: Variables,
): Promise<Refusal> {
  for await (const result of client.subscribe(operation, variables)) return requireSingleError(result)
  throw new Error('The subscription ended without a result.')
}

export interface Refusal extends Record<string, unknown> {
  /** One of ErrorCode. */
  readonly code: unknown
  readonly message: string
}

/** An error's message together with its extensions. */
export function requireSingleError({ data, errors }: Result<unknown>): Refusal {
  const [error] = errors ?? []
  if (!error || errors?.length !== 1)
    throw new Error(`Expected one error, got ${toJsonText(errors)} with ${toJsonText(data)}.`)
  return { code: null, ...error.extensions, message: error.message }
}

function requireData<Data>({ data, errors }: Result<Data>): Data {
  if (errors) throw new Error(`The request was refused: ${toJsonText(errors)}`)
  if (data === null || data === undefined) throw new Error('The response has neither data nor errors.')
  return data
}

function toJsonText(value: readonly ResultError[] | unknown): string {
  return JSON.stringify(value)
}

/** Fails if the value is null or undefined. */
export function requireNonNull<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('The value is null or undefined.')
  return value
}

/** Reads values up to and including the first one that matches. Fails if the iterator ends before. */
export async function readUntil<T, Wanted extends T>(
  values: AsyncIterator<T>,
  isWanted: (value: T) => value is Wanted,
): Promise<{ received: T[]; last: Wanted }> {
  const received: T[] = []
  for (let next = await values.next(); !next.done; next = await values.next()) {
    received.push(next.value)
    if (isWanted(next.value)) return { received, last: next.value }
  }
  throw new Error(`The iterator ended after ${received.length} values, none of which matches.`)
}

/** Repeats an action until a promise resolves: for events that only an action causes. */
export async function repeatUntil<T>(result: Promise<T>, action: (round: number) => Promise<unknown>): Promise<T> {
  const done = result.then(() => true)
  for (let round = 0; ; round += 1) {
    const isDone = await Promise.race([done, action(round).then(() => false)])
    if (isDone) return result
  }
}
