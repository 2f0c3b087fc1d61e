import { percentile } from '../support/figures.ts'

/** What streams have cost that were started on each server in turn, and followed on the next one. */
export interface StreamFigures {
  readonly streamsPerSecond: number
  readonly tokens: number
  /** From the time of an event to its delivery, its commit included. */
  readonly deliveryMs: { readonly p50: number; readonly p99: number }
}

/** How many streams run at the same time. */
const concurrency = 16

/** Runs streams for some seconds, each from its start to its end. */
export async function runStreams(urls: readonly string[], seconds: number): Promise<StreamFigures> {
  const delaysMs: number[] = []
  let [streams, tokens] = [0, 0]
  const startedAt = performance.now()
  const endAt = startedAt + seconds * 1_000
  const runOneByOne = async (worker: number): Promise<void> => {
    for (let count = worker; performance.now() < endAt; count += 1) {
      const id = await startStream(selectUrl(urls, count))
      tokens += await followToEnd(selectUrl(urls, count + 1), id, delaysMs)
      streams += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => runOneByOne(worker)))
  return {
    streamsPerSecond: (streams * 1_000) / (performance.now() - startedAt),
    tokens,
    deliveryMs: { p50: percentile(delaysMs, 0.5), p99: percentile(delaysMs, 0.99) },
  }
}

const selectUrl = (urls: readonly string[], count: number): string => urls[count % urls.length] ?? ''

function post(url: string, query: string, accept: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept }
  return fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
}

async function startStream(url: string): Promise<string> {
  const query = 'mutation { startChat(input: { text: "Who are you?", model: "offline/eliza" }) { id } }'
  const text = await (await post(url, query, 'application/json')).text()
  const [id] = /str_\w+/.exec(text) ?? []
  if (!id) throw new Error(`No stream was started: ${text}`)
  return id
}

/** Returns the number of words. Adds the delay of each event. */
async function followToEnd(url: string, id: string, delaysMs: number[]): Promise<number> {
  const query = `subscription { followStream(streamId: "${id}") { at ... on TextDelta { text } } }`
  const { body } = await post(url, query, 'text/event-stream')
  if (!body) throw new Error('The response has no body.')
  let [rest, words] = ['', 0]
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const receivedAt = Date.now()
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [, at] = /"at":"([^"]+)"/.exec(line) ?? []
      if (at) delaysMs.push(receivedAt - Date.parse(at))
      const [, text] = /"text":"([^"]*)"/.exec(line) ?? []
      words += text?.trim().split(/\s+/).length ?? 0
    }
  }
  return words
}
