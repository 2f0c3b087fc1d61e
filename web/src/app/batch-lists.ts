/** As PROTOCOL says: the most that a batch may have. */
const maxBatchSize = 10
/** Steps that segue-client takes from the call to the request, which those of other calls may be ahead. */
const stepsToWait = 5
/** Of segue-client. They are answered as quickly as each other: none of them holds the others up. */
const listQuery = /^\{"query":"query [^{]*\{\s*(\\n\s*)*conversations\(/

interface WaitingRequest {
  readonly init: RequestInit & { readonly body: string }
  readonly answer: PromiseWithResolvers<Response>
}

/**
 * Sends the queries of lists that are asked at the same time as one request. A page has several lists; all are read when it
 * starts, and when its connection returns.
 */
export function batchLists(send: typeof fetch): typeof fetch {
  let waiting: WaitingRequest[] = []

  const sendWaiting = async (url: RequestInfo | URL): Promise<void> => {
    for (let step = 0; step < stepsToWait; step += 1) await Promise.resolve()
    const all = waiting.filter(({ init }) => !init.signal?.aborted)
    waiting = []
    for (let from = 0; from < all.length; from += maxBatchSize)
      void sendBatch(url, all.slice(from, from + maxBatchSize))
  }

  const sendBatch = async (url: RequestInfo | URL, batch: readonly WaitingRequest[]): Promise<void> => {
    const [first] = batch
    if (!first) return
    try {
      if (batch.length === 1) return first.answer.resolve(await send(url, first.init))
      // Who leaves does not end the others.
      const init = { ...first.init, signal: null }
      const response = await send(url, { ...init, body: `[${batch.map((request) => request.init.body).join()}]` })
      const results: unknown = response.ok ? await response.json() : null
      for (const [index, { answer }] of batch.entries()) {
        // Each reads why the batch was refused.
        answer.resolve(Array.isArray(results) ? Response.json(results[index]) : response.clone())
      }
    } catch (error) {
      for (const { answer } of batch) answer.reject(error)
    }
  }

  return (url, init) => {
    if (typeof init?.body !== 'string' || init.signal?.aborted || !listQuery.test(init.body)) return send(url, init)
    const answer = Promise.withResolvers<Response>()
    init.signal?.addEventListener('abort', () => answer.reject(init.signal?.reason), { once: true })
    if (waiting.push({ init: { ...init, body: init.body }, answer }) === 1) void sendWaiting(url)
    return answer.promise
  }
}
