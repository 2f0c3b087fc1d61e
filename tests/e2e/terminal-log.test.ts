import { expect, test } from 'vitest'
import { newHome } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { waitUntil } from '../support/wait-until.ts'

const argv = () => ['--port', '0', '--home', newHome(), '--no-hermes']
const refused = 'https://evil.example'

async function causeWarning(url: string): Promise<void> {
  const response = await fetch(`${url}/health`, { headers: { origin: refused } })
  expect(response.status).toBe(403)
}

test('on a terminal the log is coloured text, with the fields of each entry below it', async () => {
  // A pseudo-terminal, whose output is the output of `script`. The command and its arguments have no spaces.
  const launcher = ['sh', '-c', 'exec script --quiet --return --command "$*" /dev/null', 'sh']
  await using server = await startServerProcess({ argv: argv(), launcher, env: { TERM: 'xterm' } })
  await causeWarning(server.url)
  const { output } = server
  await waitUntil(() => output.stdout.includes('evil.example'))
  expect(output.stdout).toContain(
    '\u001b[33mWARN\u001b[39m: \u001b[36mThe origin "https://evil.example" is not allowed.',
  )
  expect(output.stdout).toContain('    \u001b[35morigin\u001b[39m: "https://evil.example"')
  expect(output.stdout).not.toContain('{"level"')
})

test('elsewhere the log is a line of JSON for each entry', async () => {
  await using server = await startServerProcess({ argv: argv() })
  await causeWarning(server.url)
  await waitUntil(() => server.output.stderr.includes('evil.example'))
  const lines = server.output.stderr.trimEnd().split('\n')
  expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 40, origin: refused, request: expect.any(String) }),
  )
})
