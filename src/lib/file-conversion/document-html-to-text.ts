const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
const tokenPattern = /<(?<close>\/?)(?<tag>[a-z0-9]+)(?<attributes>[^>]*)>|(?<text>[^<]+)/g
/** Tags that begin and end a block of text. */
const blockTag = /^(p|h[1-6]|ul|ol|li|table|tr|dl|dt|dd|blockquote|pre)$/

/**
 * Converts the HTML that Word documents become to text: headings with `#`, lists with `-` or numbers, a line for each row
 * of a table with tabs between its cells. It is no parser for any other HTML.
 */
export function documentHtmlToText(html: string): string {
  const writer = new TextWriter()
  for (const { groups = {} } of html.matchAll(tokenPattern)) {
    const { tag, close, text, attributes = '' } = groups
    if (tag === undefined) writer.write(decodeEntities(text ?? ''))
    else if (close === '/') writer.close(tag)
    else writer.open(tag, attributes)
  }
  return writer.toString()
}

class TextWriter {
  readonly #lines: string[] = []
  /** The lists that are open: the number of the last item; null for a list without numbers. */
  readonly #lists: (number | null)[] = []
  #line = ''
  #cellCount: number | null = null

  write(text: string): void {
    this.#line += this.#cellCount === null ? text : text.replaceAll(/\s+/g, ' ')
  }

  open(tag: string, attributes: string): void {
    if (tag === 'br') return this.#breakLine()
    if (tag === 'img') return this.#writeImage(attributes)
    if (tag === 'td' || tag === 'th') return this.#openCell()
    if (!blockTag.test(tag)) return
    this.#breakBlock(tag)
    if (tag === 'ul' || tag === 'ol') this.#lists.push(tag === 'ol' ? 0 : null)
    if (tag === 'tr') this.#cellCount = 0
    if (tag === 'li') this.#line = this.#createItemMarker()
    const level = /^h([1-6])$/.exec(tag)?.[1]
    if (level !== undefined && this.#cellCount === null) this.#line = `${'#'.repeat(Number(level))} `
  }

  close(tag: string): void {
    if (!blockTag.test(tag)) return
    if (tag === 'tr') this.#cellCount = null
    this.#breakBlock(tag)
    if (tag === 'ul' || tag === 'ol') this.#lists.pop()
    if (this.#cellCount === null && this.#lists.length === 0 && tag !== 'tr' && tag !== 'li') this.#writeBlankLine()
  }

  toString(): string {
    this.#endLine()
    return this.#lines.join('\n').trim()
  }

  #openCell(): void {
    if (this.#cellCount !== null && this.#cellCount > 0) this.#line += '\t'
    this.#cellCount = (this.#cellCount ?? 0) + 1
  }

  #writeImage(attributes: string): void {
    const description = /\balt="([^"]*)"/.exec(attributes)?.[1]
    this.#line += description ? `[Image: ${decodeEntities(description)}]` : '[Image]'
  }

  #createItemMarker(): string {
    const indent = '  '.repeat(Math.max(0, this.#lists.length - 1))
    const count = this.#lists.pop() ?? null
    this.#lists.push(count === null ? null : count + 1)
    return `${indent}${count === null ? '-' : `${count + 1}.`} `
  }

  /** Within a cell, blocks become one line. */
  #breakBlock(tag: string): void {
    if (this.#cellCount === null || tag === 'tr') this.#endLine()
    else if (this.#line !== '' && !/\s$/.test(this.#line)) this.#line += ' '
  }

  #breakLine(): void {
    if (this.#cellCount === null) this.#endLine()
    else this.#line += ' '
  }

  #endLine(): void {
    if (this.#line.trim() !== '') this.#lines.push(this.#line.replaceAll(/ *\t */g, '\t').trimEnd())
    this.#line = ''
  }

  #writeBlankLine(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('')
  }
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name)] ?? whole
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
