import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startTestSegue } from '../../tests/support/server/segue.ts'
import { foldTextDelta } from '../src/graphql/index.ts'
import { createSegueClient } from '../src/index.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'client.md'), 'utf8')

test('the examples of the page on the client library work', async () => {
  await using segue = await startTestSegue()
  const lines: string[] = []
  const console = { log: (...values: readonly unknown[]) => lines.push(JSON.stringify(values)) }
  const code = [...page.matchAll(/^```js\n(.*?)^```$/gms)]
    .map(([, block = '']) => block.replace(/^import .*$/m, '').replace('http://127.0.0.1:4000', segue.url))
    .join('\n')
  // The examples share their variables, as on the page.
  const run: unknown = Object.getPrototypeOf(async () => {}).constructor
  if (typeof run !== 'function') throw new Error('There is no constructor of asynchronous functions.')
  const { stop, client } = await run(
    'createSegueClient',
    'foldTextDelta',
    'console',
    `${code}\nreturn { stop, client }`,
  )(createSegueClient, foldTextDelta, console)
  await vi.waitFor(() => expect(lines.at(-1)).toBe('[["Greetings","Hello"],""]'), { timeout: 15_000 })
  expect(lines.length).toBeGreaterThan(1)
  expect(lines).toContain('["Hello"]')
  expect(lines).toContainEqual(expect.stringMatching(/^\["offline\/eliza",2,[1-9]/))
  stop()
  client.close()
})
