import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startTestSegue } from '../../tests/support/server/segue.ts'
import { foldTextDelta } from '../src/graphql/index.ts'
import { createSegueClient, type SegueClient } from '../src/index.ts'
import { waitLimitMs } from '../../tests/support/vitest-limits.ts'

interface ExampleRun {
  readonly client: SegueClient
  /** What the examples have written, as JSON. */
  readonly lines: readonly string[]
  readonly result: Record<string, () => void>
}

/** Runs the examples of a page, which share their variables, and resolves to those that are named. */
async function runExamples(file: string, url: string, names: string): Promise<ExampleRun> {
  const page = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
  const lines: string[] = []
  const console = { log: (...values: readonly unknown[]) => lines.push(JSON.stringify(values)) }
  const code = [...page.matchAll(/^```js\n(.*?)^```$/gms)]
    .map(([, block = '']) => block.replace(/^import .*$/m, '').replace('http://127.0.0.1:4000', url))
    .join('\n')
  const run: unknown = Object.getPrototypeOf(async () => {}).constructor
  if (typeof run !== 'function') throw new Error('There is no constructor of asynchronous functions.')
  const start = run('createSegueClient', 'foldTextDelta', 'console', `${code}\nreturn { client, ${names} }`)
  const { client, ...result } = await start(createSegueClient, foldTextDelta, console)
  return { client, lines, result }
}

test('the examples of the README work', async () => {
  await using segue = await startTestSegue()
  const { client, lines } = await runExamples('client/README.md', segue.url, '')
  expect(lines.at(-1)).toBe('["PENDING"]')
  client.close()
})

test('the examples of the page on the client library work', async () => {
  await using segue = await startTestSegue()
  const { client, lines, result } = await runExamples('docs/client.md', segue.url, 'stop')
  await vi.waitFor(() => expect(lines.at(-1)).toBe('[["Greetings","Hello"],""]'), { timeout: waitLimitMs })
  expect(lines.length).toBeGreaterThan(1)
  expect(lines).toContain('["Hello"]')
  expect(lines).toContainEqual(expect.stringMatching(/^\["offline\/eliza",2,[1-9]/))
  result['stop']?.()
  client.close()
})
