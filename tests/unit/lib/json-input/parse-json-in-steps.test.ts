import { describe, expect, test } from 'vitest'
import { parseJsonInSteps } from '../../../../src/lib/json-input/parse-json-in-steps.ts'
import { JsonLimitError } from '../../../../src/lib/json-input/shorten-json.ts'

const maxValues = 1000
const parse = (text: string): Promise<unknown> => parseJsonInSteps([Buffer.from(text)], maxValues)

/** Text that is not parsed at once. */
const padding = ' '.repeat(20_000)

describe('parsing JSON in steps', () => {
  test.each([
    ['ASCII', 'abc '],
    ['escapes of every kind', '\\ "quoted" /\n\t\r\b\f\u0000'],
    ['characters outside of the basic plane', 'é漢😀'],
    ['lone surrogates', 'a\ud83d'],
    ['backslashes', '\\\\\\'],
  ])('returns what JSON.parse returns for a long string of %s', async (_, unit) => {
    for (const length of [1023, 1024, 1025, 131_072, 300_001]) {
      const value = { first: unit.repeat(Math.ceil(length / unit.length)).slice(0, length), others: [1, 'short', null] }
      expect(await parse(JSON.stringify(value) + padding)).toEqual(value)
    }
  })

  test('decodes escapes by code wherever a step ends', async () => {
    for (let shift = 0; shift < 12; shift += 1) {
      const text = `{"a":"${'x'.repeat(shift)}${'\\ud83d\\ude00\\n'.repeat(30_000)}"}`
      expect(await parse(text)).toEqual(JSON.parse(text))
    }
  })

  test('reads chunks that end anywhere', async () => {
    const value = { 'a "name" é': ['short \\ 😀', 'long 漢 😀 \n'.repeat(2000)], b: 12345678901234 }
    const bytes = Buffer.from(JSON.stringify(value).replaceAll('漢', String.raw`\u6f22`))
    for (const size of [1, 2, 3, 5, 7, 1000]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      expect(await parseJsonInSteps(chunks, maxValues)).toEqual(value)
    }
  })

  test('keeps short strings, names and structure as they are', async () => {
    const value = { 'a "name"': [{ b: ['x', '', { c: true }] }], text: 'y'.repeat(30_000), d: [[[]]], e: {} }
    expect(await parse(JSON.stringify(value, null, 2))).toEqual(value)
  })

  test('keeps the digits of big integers beside long strings', async () => {
    expect(await parse(`{"text":"${'1'.repeat(30_000)}","number":12345678901234567890}`)).toEqual({
      text: '1'.repeat(30_000),
      number: 12345678901234567890n,
    })
  })

  test.each([
    ['a long string without an end', `{"a":"${'x'.repeat(30_000)}`],
    ['a long string that ends in a backslash', `{"a":"${'x'.repeat(30_000)}\\"}`],
    ['an unknown escape in a long string', `{"a":"${'x'.repeat(30_000)}\\x"}`],
    ['an incomplete escape in a long string', `{"a":"${'x'.repeat(30_000)}\\u12"}`],
    ['a line break in a long string', `{"a":"${'x'.repeat(30_000)}\n"}`],
    ['no value', padding],
    ['two values', `{}{}${padding}`],
    ['a comma too much', `{"a":1,}${padding}`],
  ])('rejects %s as JSON.parse does', async (_, text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError)
    await expect(parse(text)).rejects.toThrow(SyntaxError)
  })

  test.each([
    ['numbers', '0,'],
    ['objects', '{},'],
    ['members', '{"a":1},'],
    ['strings', '"[{,",'],
  ])('rejects more values than are allowed, of %s', async (_, item) => {
    await expect(parse(`[${item.repeat(maxValues)}0]${padding}`)).rejects.toThrow(JsonLimitError)
    const allowed = `[${item.repeat(maxValues / 4)}0]`
    expect(await parse(allowed + padding)).toEqual(JSON.parse(allowed))
  })

  test('rejects more than 4 MiB beside long strings, without spaces', async () => {
    const list = (count: number): string => JSON.stringify(Array(count).fill('x'.repeat(1000)))
    const [long, longer] = await Promise.all(
      [4100, 4300].map((count) =>
        parseJsonInSteps([Buffer.from(list(count))], 10_000).catch((cause: unknown) => cause),
      ),
    )
    expect(long).toHaveLength(4100)
    expect(longer).toBeInstanceOf(JsonLimitError)
    expect(await parse(`[${' \n'.repeat(3_000_000)}1,2 ]`)).toEqual([1, 2])
    await expect(parse(`[1${' '.repeat(30_000)}2]`)).rejects.toThrow(SyntaxError)
  })

  test('does not count what is written in strings', async () => {
    const text = '[{,'.repeat(20_000)
    expect(await parse(JSON.stringify({ text }))).toEqual({ text })
  })

  test('rejects lists within lists without end', async () => {
    await expect(parse('['.repeat(100_000))).rejects.toThrow(JsonLimitError)
  })

  test('rejects a name that is longer than any', async () => {
    const error = await parse(`{"${'a'.repeat(30_000)}" : 1}`).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(JsonLimitError)
    expect(error).toHaveProperty('message', 'The JSON has a name that is too long.')
  })
})
