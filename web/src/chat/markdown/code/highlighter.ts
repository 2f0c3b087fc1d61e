import type { HighlightedLine, HighlightRequest, HighlightResponse } from './highlighted-line.ts'

const maxCodeLength = 100_000 // UTF-16 code units
const maxCached = 300 // code blocks

type Lines = readonly HighlightedLine[] | null

let worker: Worker | null = null
let lastId = 0
const waiting = new Map<number, (lines: Lines) => void>()
const cache = new Map<string, Lines>()

/** What `highlight` has made of the code before. Undefined: nothing yet. */
export function getHighlighted(code: string, language: string): Lines | undefined {
  return cache.get(toKey(code, language))
}

/** Highlights code beside the page's own thread. Resolves to null for code that stays without colours. */
export async function highlight(code: string, language: string): Promise<Lines> {
  const key = toKey(code, language)
  const known = cache.get(key)
  if (known !== undefined) return known
  const lines = language === '' || code.length > maxCodeLength ? null : await askWorker(code, language)
  cache.set(key, lines)
  const [oldest] = cache.keys()
  if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest)
  return lines
}

function askWorker(code: string, language: string): Promise<Lines> {
  worker ??= startWorker()
  const id = ++lastId
  const { promise, resolve } = Promise.withResolvers<Lines>()
  waiting.set(id, resolve)
  worker.postMessage({ id, code, language } satisfies HighlightRequest)
  return promise
}

function startWorker(): Worker {
  const started = new Worker(new URL('./highlight-worker.ts', import.meta.url), { type: 'module' })
  started.addEventListener('message', ({ data: { id, lines } }: MessageEvent<HighlightResponse>) => {
    waiting.get(id)?.(lines)
    waiting.delete(id)
  })
  // Code without colours can be read as well.
  started.addEventListener('error', () => {
    for (const resolve of waiting.values()) resolve(null)
    waiting.clear()
  })
  return started
}

function toKey(code: string, language: string): string {
  return `${language}\n${code}`
}
