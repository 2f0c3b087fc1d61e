import { type Client, createClient } from 'graphql-ws'

/** An operation, and what its generator says of its result. */
export interface TypedOperation<Data> {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** Never set: it holds the type. */
  readonly data?: Data
}

/** Sends operations of a generator that has no transport of its own. */
export class OperationSender {
  readonly #url: string
  readonly #client: Client

  /** @param url The endpoint, for example `http://127.0.0.1:4000/graphql`. */
  constructor(url: string) {
    this.#url = url
    this.#client = createClient({
      url: url.replace('http', 'ws'),
      shouldRetry: () => true,
      retryAttempts: Infinity,
    })
  }

  /** Sends a query or a mutation over HTTP. Rejects if the result has errors. */
  async execute<Data>({ query, variables }: TypedOperation<Data>): Promise<Data> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors }: { readonly data?: Data; readonly errors?: unknown } = await response.json()
    if (errors || !data) throw new Error(JSON.stringify(errors))
    return data
  }

  /** The data of each result of a subscription. Throws if there are errors. */
  async *subscribe<Data>({ query, variables }: TypedOperation<Data>): AsyncGenerator<Data, void> {
    const payload = { query, ...(variables && { variables: { ...variables } }) }
    for await (const { data, errors } of this.#client.iterate<Data>(payload)) {
      if (errors || !data) throw new Error(JSON.stringify(errors))
      yield data
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.dispose()
  }
}
