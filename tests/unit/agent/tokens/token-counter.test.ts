import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shortenText } from '../../../../src/agent/tokens/shorten-text.ts'
import { TokenCounter, unscaledTokenCounter as counter } from '../../../../src/agent/tokens/token-counter.ts'
import { computeInputBudget } from '../../../../src/agent/tokens/input-budget.ts'
import { anyLongText } from '../../../support/fixtures/any-context.ts'
import { newProse } from '../../../support/fixtures/context-messages.ts'

describe('the tokens of a text', () => {
  // What o200k_base counts, or close to it.
  test.each<[kind: string, text: string, tokens: number]>([
    [
      'English prose',
      'The quick brown fox jumps over the lazy dog. It was a bright cold day in April, and the clocks were striking thirteen.',
      26,
    ],
    ['Chinese', '今天天气很好，我们去公园散步吧。', 13],
    ['Russian', 'Сегодня хорошая погода, пойдём гулять в парк.', 15],
    ['a number', '3141592653589793238462643383279502884197', 14],
    ['base64', 'z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==', 64],
    ['emoji', '😀🎉🚀👍', 7],
    ['code', 'export function add(a: number, b: number): number {\n    return a + b\n}\n', 24],
  ])('is estimated by the kinds of its characters: %s', (_, text, tokens) => {
    const estimate = counter.countText(text)
    expect(estimate).toBeGreaterThan(tokens * 0.75)
    expect(estimate).toBeLessThan(tokens * 1.6)
  })

  test('are counted as the model does', () => {
    const doubled = new TokenCounter(() => 2)
    expect(Math.abs(doubled.countText(newProse(100)) - counter.countText(newProse(100)) * 2)).toBeLessThanOrEqual(1)
  })

  test('are at least a share of the estimate, which is not more for a model that seems to count more', () => {
    expect(counter.countTextAtLeast(newProse(100))).toBeLessThan(counter.countText(newProse(100)))
    const [halved, doubled] = [0.5, 2].map((scale) => new TokenCounter(() => scale).countTextAtLeast(newProse(100)))
    expect(doubled).toBe(counter.countTextAtLeast(newProse(100)))
    expect(halved).toBeLessThan(doubled ?? 0)
  })
})

describe('a message', () => {
  test('has more tokens than its texts', () => {
    expect(counter.countMessages([{ role: 'user', content: 'Hi' }])).toBeGreaterThan(counter.countText('Hi'))
  })

  const image = (data: string | Uint8Array) =>
    counter.countMessages([{ role: 'user', content: [{ type: 'file', mediaType: 'image/png', data }] }])
  const toDataUrl = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`

  function newPng(width: number, height: number, length = 100): Buffer {
    const bytes = Buffer.alloc(length)
    bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')
    bytes.writeUInt32BE(width, 16)
    bytes.writeUInt32BE(height, 20)
    return bytes
  }

  test('with an image has tokens by its pixels, not by the length of its file', () => {
    expect(image(toDataUrl(newPng(64, 64)))).toBe(image(newPng(64, 64, 100_000)))
    expect(image(newPng(64, 64))).toBeLessThan(300)
    expect(image(newPng(1024, 1024))).toBeGreaterThan(700)
    expect(image(newPng(30_000, 30_000))).toBeLessThan(2000)
  })

  test.each<[name: string, hex: string]>([
    ['GIF', '474946383961e803f40100000000'],
    ['JPEG', 'ffd8ffe000104a46494600010100000100010000ffc000110801f403e803012200'],
    ['WebP', '524946460000000057454250565038580a00000000000000e70300f30100'],
    ['lossy WebP', '52494646000000005745425056503820200000000000009d012ae803f401'],
  ])('with a %s has tokens by its pixels', (_, hex) => {
    const data = Buffer.from(hex, 'hex')
    expect(image(data)).toBeGreaterThanOrEqual(667)
    expect(image(data)).toBeLessThan(900)
  })

  test('with an image at an address, or one that cannot be read, has those of a usual one', () => {
    const usual = image('https://pictures.example/a.png')
    expect(usual).toBeGreaterThan(500)
    expect(image(`data:image/png;base64,${'A'.repeat(1_000_000)}`)).toBe(usual)
  })
})

describe('a text that is shortened', () => {
  test('has its beginning and its end around a note, and no more tokens than it may have', () => {
    fc.assert(
      fc.property(anyLongText, fc.integer({ min: 30, max: 2000 }), fc.constantFrom(0.6, 1, 2.5), (text, max, scale) => {
        const scaled = new TokenCounter(() => scale)
        const shortened = shortenText(text, max, scaled)
        if (scaled.countText(text) <= max) {
          expect(shortened).toBe(text)
          return
        }
        expect(shortened).toMatch(/about \d+ tokens are left out/)
        expect(scaled.countText(shortened)).toBeLessThanOrEqual(Math.max(max, 30 * scale) + 3 * scale)
        expect(shortened.isWellFormed()).toBe(true)
      }),
    )
  })
})

describe('the room for the input', () => {
  test('is what the window leaves beside a quarter for the answer, or the longest answer of the model', () => {
    expect(computeInputBudget({ contextWindow: 4096 })).toBe(3072)
    expect(computeInputBudget({ contextWindow: 200_000, maxOutputTokens: 8_000 })).toBe(192_000)
    expect(computeInputBudget({ contextWindow: 4096, maxOutputTokens: 8_000 })).toBe(3072)
    expect(computeInputBudget({ contextWindow: Number.POSITIVE_INFINITY })).toBe(Number.POSITIVE_INFINITY)
  })
})
