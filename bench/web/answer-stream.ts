import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProviderStep, StrictProvider } from '../../tests/support/providers/strict-provider.ts'

const deltasPerSecond = 100

/** The next answer of a provider is this text, in so many seconds, 100 deltas a second. Resolves when it has been said. */
export async function streamNextAnswer(provider: StrictProvider, text: string, seconds: number): Promise<void> {
  const ended = new EventTarget()
  const saidLast = once(ended, 'end')
  const deltas = seconds * deltasPerSecond
  async function* say(): AsyncGenerator<ProviderStep> {
    const startedAt = performance.now()
    for (let index = 0; index < deltas; index += 1) {
      await delay(Math.max(0, startedAt + (index * 1000) / deltasPerSecond - performance.now()))
      const [from, to] = [index, index + 1].map((place) => Math.round((text.length * place) / deltas))
      yield { text: text.slice(from, to) }
    }
    yield { finish: 'stop' }
    ended.dispatchEvent(new Event('end'))
  }
  provider.enqueue(say())
  await saidLast
}
