import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, test } from 'vitest'
import {
  estimateTextsInSteps,
  estimateTextTokens,
  findBeginningLength,
} from '../../../../src/agent/tokens/estimate-text-tokens.ts'
import { TokenCounter, unscaledTokenCounter as counter } from '../../../../src/agent/tokens/token-counter.ts'
import { selectTokenizer } from '../../../../src/agent/tokens/token-weights.ts'
import { readTokenTexts } from '../../../support/fixtures/token-texts.ts'

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

describe('the estimate of tokens', () => {
  test.each(readTokenTexts())('is within 10 % of what o200k_base counts: $kind', ({ texts }) => {
    const ratio = sum(texts.map((text) => counter.countText(text))) / sum(texts.map((text) => encode(text).length))
    expect(ratio).toBeGreaterThan(0.9)
    expect(ratio).toBeLessThan(1.1)
  })

  test('is far off for no single text', () => {
    for (const { texts } of readTokenTexts())
      for (const text of texts) {
        const ratio = counter.countText(text) / encode(text).length
        expect(ratio).toBeGreaterThan(0.88)
        expect(ratio).toBeLessThan(1.12)
      }
  })

  test('never falls while a text grows, so that parts of texts can be measured', () => {
    for (const { texts } of readTokenTexts())
      for (const text of texts) {
        const counts = Array.from({ length: 40 }, (_, index) => counter.countText(text.slice(0, index * 7)))
        expect(counts).toEqual(counts.toSorted((a, b) => a - b))
      }
  })

  test('is the same when it is made in steps', async () => {
    const text = readTokenTexts()
      .flatMap(({ texts }) => texts)
      .join('\n')
      .repeat(13)
    expect(text.length).toBeGreaterThan(3 * 65_536)
    await estimateTextsInSteps([text])
    // What was estimated in steps is remembered.
    const tokens = estimateTextTokens(text, 'o200k')
    expect(findBeginningLength(text, tokens, 'o200k')).toBe(text.length)
    expect(findBeginningLength(text, tokens - 1, 'o200k')).toBeLessThan(text.length)
  })

  test('follows the tokenizer of the model, which is told by its name', () => {
    expect(selectTokenizer('Qwen2.5-Coder-0.5B-Instruct')).toBe('qwen')
    expect(selectTokenizer('gpt-5.1')).toBe('o200k')
    const qwen = new TokenCounter(() => 1, { tokenizer: 'qwen' })
    expect(qwen.countText('1234567890')).toBeGreaterThan(counter.countText('1234567890'))
    expect(qwen.countText('今天天气很好，我们去公园散步吧。')).toBeLessThan(
      counter.countText('今天天气很好，我们去公园散步吧。'),
    )
  })
})
