import type { BrowserContext, Page } from 'playwright-core'

export interface PageResponse {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

interface FetchOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A web page in a browser that calls the API with what browsers have: fetch, EventSource and WebSocket. */
export class ApiPage {
  /** What the browser's console shows. */
  readonly console: string[] = []
  readonly #page: Page
  readonly #apiUrl: string

  private constructor(page: Page, apiUrl: string) {
    this.#page = page
    this.#apiUrl = apiUrl
    page.on('console', (message) => this.console.push(message.text()))
  }

  /** `apiUrl` is where the page finds `/graphql`, for example `http://127.0.0.1:4000`. */
  static async open(context: BrowserContext, pageUrl: string, apiUrl: string): Promise<ApiPage> {
    const page = await context.newPage()
    const apiPage = new ApiPage(page, apiUrl)
    await page.goto(pageUrl)
    return apiPage
  }

  get url(): string {
    return this.#page.url()
  }

  close(): Promise<void> {
    return this.#page.close()
  }

  /** Sends a query or a mutation. Rejects with what the page sees if it cannot read the response. */
  post(query: string, headers: Readonly<Record<string, string>> = {}): Promise<PageResponse> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    }
    return this.#fetch('/graphql', init)
  }

  /** Sends a query by GET. */
  get(query: string): Promise<PageResponse> {
    return this.#fetch(`/graphql?query=${encodeURIComponent(query)}`, { headers: { accept: 'application/json' } })
  }

  /** Reads a file by its path. */
  readFile(path: string): Promise<PageResponse> {
    return this.#fetch(path, {})
  }

  /** The events of a subscription that an EventSource receives; an error ends them. */
  readEventSource(query: string): Promise<string[]> {
    const url = `${this.#apiUrl}/graphql?query=${encodeURIComponent(query)}`
    return this.#page.evaluate(
      ({ source }) =>
        new Promise((resolve) => {
          const events: string[] = []
          const eventSource = new EventSource(source)
          const end = (type: string): void => {
            eventSource.close()
            resolve([...events, type])
          }
          eventSource.addEventListener('next', ({ data }) => events.push(data))
          eventSource.addEventListener('complete', () => end('complete'))
          eventSource.addEventListener('error', () => end('error'))
        }),
      { source: url },
    )
  }

  /** The messages of a subscription over WebSocket, and the code with which the socket closes if the server closes it. */
  readWebSocket(query: string): Promise<string[]> {
    return this.#page.evaluate(
      ({ url, payload }) =>
        new Promise((resolve) => {
          const messages: string[] = []
          const socket = new WebSocket(url, 'graphql-transport-ws')
          const send = (message: object): void => socket.send(JSON.stringify(message))
          socket.addEventListener('open', () => send({ type: 'connection_init' }))
          socket.addEventListener('close', ({ code }) => resolve([...messages, `closed ${code}`]))
          socket.addEventListener('message', ({ data }) => {
            const { type } = JSON.parse(data)
            messages.push(data)
            if (type === 'connection_ack') send({ type: 'subscribe', id: '1', payload })
            if (type === 'complete') resolve(messages)
          })
        }),
      { url: `${this.#apiUrl.replace('http', 'ws')}/graphql`, payload: { query } },
    )
  }

  #fetch(path: string, init: FetchOptions): Promise<PageResponse> {
    return this.#page.evaluate(
      async ({ url, options }) => {
        const response = await fetch(url, options)
        const headers = Object.fromEntries(response.headers)
        return { status: response.status, headers, body: await response.text() }
      },
      { url: this.#apiUrl + path, options: init },
    )
  }
}
