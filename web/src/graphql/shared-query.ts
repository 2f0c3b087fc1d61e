import type { SegueClient } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useSyncExternalStore } from 'react'
import type { TypedDocumentString } from './generated/graphql.ts'
import { toError } from './to-error.ts'
import { whenIdle } from './when-idle.ts'

interface SharedAnswer<Result> {
  /** Of the newest request that was answered. Null until one is. */
  readonly data: Result | null
  /** Why the newest request failed. */
  readonly error: Error | null
}

/** A query that is asked once for all components of the page. */
export class SharedQuery<Result extends object, Variables extends object> {
  readonly #document: TypedDocumentString<Result, Variables>
  readonly #variables: Variables
  readonly #listeners = new Set<() => void>()
  #answer: SharedAnswer<Result> = { data: null, error: null }
  #asking: Promise<void> | null = null

  constructor(document: TypedDocumentString<Result, Variables>, variables: Variables) {
    this.#document = document
    this.#variables = variables
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly getSnapshot = (): SharedAnswer<Result> => this.#answer

  /** Asks it when the page has time, again if it was asked before. Resolves when the answer is in the snapshot. */
  readonly read = (client: SegueClient): Promise<void> => {
    this.#asking ??= this.#ask(client).finally(() => (this.#asking = null))
    return this.#asking
  }

  async #ask(client: SegueClient): Promise<void> {
    await whenIdle()
    try {
      this.#answer = { data: await client.request(this.#document, this.#variables), error: null }
    } catch (error) {
      this.#answer = { data: this.#answer.data, error: toError(error) }
    }
    for (const listener of this.#listeners) listener()
  }
}

/** The answer to a query that all components share. It is asked for each of them, once for those that appear together. */
export function useSharedQuery<Result extends object, Variables extends object>(
  query: SharedQuery<Result, Variables>,
): SharedAnswer<Result> {
  const client = useSegueClient()
  useEffect(() => {
    void query.read(client)
  }, [client, query])
  return useSyncExternalStore(query.subscribe, query.getSnapshot)
}
