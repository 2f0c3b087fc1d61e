/** The value of a JSON text; null where it is none, so that a schema refuses it like any other wrong value. */
export function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
