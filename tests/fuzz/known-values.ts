import type { SeededRandom } from '../chaos/seeded-random.ts'

const maxValues = 400

/** How ids begin, by the type that arguments and fields are named after. */
const idPrefixes: Readonly<Record<string, string>> = {
  session: 'ses',
  message: 'msg',
  stream: 'str',
  job: 'job',
  conversation: 'cnv',
}

/** Ids, cursors and URLs of files that responses had, of all profiles: each caller also sends those that it may not see. */
export class KnownValues {
  readonly #ids: string[] = []
  readonly #cursors: string[] = []
  readonly #urls: string[] = []

  /** Collects the values of a response. Of many, the newest stay. */
  collect(responseText: string): void {
    for (const [, name, value = ''] of responseText.matchAll(
      /"(\w*[iI]d|cursor|endCursor|startCursor)":"([^"\\]{1,300})"/g,
    ))
      this.#add(name?.toLowerCase().endsWith('cursor') ? this.#cursors : this.#ids, value)
    for (const [, url = ''] of responseText.matchAll(/"url":"(\/files\/[^"\\]{1,300})"/g)) this.#add(this.#urls, url)
  }

  /**
   * An id, sometimes with an end that is wrong.
   *
   * @param name Of what, such as `sessionId`. Most ids are of that type.
   */
  pickId(random: SeededRandom, name: string): string {
    const prefix = Object.entries(idPrefixes).find(([type]) => name.toLowerCase().startsWith(type))?.[1] ?? ''
    const ids = random.chance(0.9) ? this.#ids.filter((id) => id.startsWith(prefix)) : this.#ids
    return pickOrDamage(ids, random)
  }

  pickCursor(random: SeededRandom): string {
    return pickOrDamage(this.#cursors, random)
  }

  /** The path of a file. */
  pickUrl(random: SeededRandom): string {
    return pickOrDamage(this.#urls, random)
  }

  #add(values: string[], value: string): void {
    if (values.includes(value)) return
    values.push(value)
    if (values.length > maxValues) values.splice(20, 1)
  }
}

function pickOrDamage(values: readonly string[], random: SeededRandom): string {
  const value = values.length === 0 ? 'unknown' : random.pick(values)
  return random.chance(0.9)
    ? value
    : `${value.slice(0, random.between(0, value.length))}${random.pick(['', 'x', '=', '\u0000'])}`
}
