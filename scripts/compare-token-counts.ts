/**
 * Compares the estimates of tokens with what a llama.cpp server counts, by kind of text. Start llama-server with a model
 * first. Exits with 1 if an estimate is more than 10 % off.
 *
 *     node scripts/compare-token-counts.ts http://127.0.0.1:8082 qwen2.5-coder
 */
import { z } from 'zod'
import { TokenCounter } from '../src/agent/tokens/token-counter.ts'
import { selectTokenizer } from '../src/agent/tokens/token-weights.ts'
import { readTokenTexts } from '../tests/support/fixtures/token-texts.ts'

const maxDeviation = 0.1
const answerSchema = z.object({ tokens: z.array(z.unknown()) })

const [url = 'http://127.0.0.1:8080', model = 'qwen'] = process.argv.slice(2)
const counter = new TokenCounter(() => 1, { tokenizer: selectTokenizer(model) })

for (const { kind, texts } of readTokenTexts()) {
  let counted = 0
  let estimated = 0
  for (const content of texts) {
    const response = await fetch(new URL('/tokenize', url), { method: 'POST', body: JSON.stringify({ content }) })
    counted += answerSchema.parse(await response.json()).tokens.length
    estimated += counter.countText(content)
  }
  const deviation = estimated / counted - 1
  console.log(`${kind.padEnd(10)} counted ${counted}, estimated ${estimated}: ${(deviation * 100).toFixed(1)} %`)
  if (Math.abs(deviation) > maxDeviation) process.exitCode = 1
}
