/** An error that is longer quotes the request. In UTF-16 code units. */
const maxErrorLength = 20_000
/** The place of a content part, as in `messages.2.content.1` and `messages.[2].content.[1]`. */
const partPathPattern =
  /messages\W{1,3}(\d{1,6})\W{1,3}content\W{1,3}(\d{1,6})(?:\W{1,3}tool_result\W{1,3}content\W{1,3}(\d{1,6}))?/g
/** A link is shorter; the rest is data. */
const maxUrlLength = 10_000

/**
 * Finds the files that an error names, by their URL or by their place in the request. Returns their data as it is in the
 * body of the request: URLs or base64. `payload` is the error, `body` the request, as objects.
 */
export function findNamedFiles(payload: unknown, body: unknown): string[] {
  const text = JSON.stringify(payload)?.slice(0, maxErrorLength) ?? ''
  const named = [...text.matchAll(partPathPattern)].flatMap((path) => listFileData(findPart(body, path.slice(1))))
  if (named.length > 0) return named
  return listFileData(body).filter((data) => isLink(data) && names(text, data))
}

function isLink(data: string): boolean {
  return data.length <= maxUrlLength && /^https?:/i.test(data)
}

/** Errors leave out the query of a URL, which may be a secret. */
function names(text: string, url: string): boolean {
  const start = url.replace(/[?#].*$/s, '')
  return start.length > 'https://'.length && text.includes(JSON.stringify(start).slice(1, -1))
}

function findPart(body: unknown, [message, part, inner]: readonly (string | undefined)[]): unknown {
  const outer = read(read(read(read(body, 'messages'), message), 'content'), part)
  return inner === undefined ? outer : (read(read(outer, 'content'), inner) ?? outer)
}

function read(value: unknown, key: string | undefined): unknown {
  if (typeof value !== 'object' || value === null || key === undefined) return undefined
  return Object.entries(value).find(([name]) => name === key)?.[1]
}

/** The data of the files in a value, in the fields of all known formats. */
function listFileData(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== 'string') return listFileData(inner)
    return /^(url|data|file_data|image_url)$/.test(key) ? [inner] : []
  })
}
