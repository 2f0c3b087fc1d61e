import { cpSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { builtProgram } from '../../support/server/built-program.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { startServerProcess } from '../../support/server/server-process.ts'

test('Without the built web app, / leads to the playground, no line names an app, and the log says why', async () => {
  const folder = newTempFolder()
  const dist = dirname(builtProgram)
  cpSync(dist, join(folder, 'dist'), { recursive: true })
  symlinkSync(join(dist, '..', 'node_modules'), join(folder, 'node_modules'))
  const copy = join(folder, 'dist', 'bin.js')
  await using server = await startServerProcess({
    // In place of the program.
    launcher: ['bash', '-c', `exec "$1" '${copy}' "\${@:3}"`, 'bash'],
    argv: ['--port', '0', '--home', join(folder, 'home'), '--no-hermes'],
  })
  const response = await fetch(server.url, { headers: { accept: 'text/html' }, redirect: 'manual' })
  expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql'])
  expect(await server.stop('SIGTERM')).toBe(0)
  expect(server.output.stdout.trim().split('\n')).toHaveLength(1)
  expect(server.output.stderr).toContain('The web app is not built, so that / leads to the playground.')
})
