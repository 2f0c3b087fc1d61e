import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { ServerDocument } from '../generated/graphql.ts'
import { connect } from '../support/clients.ts'
import { ask } from '../support/typed-client.ts'

async function loadHermes({ url }: TestSegue) {
  await using client = connect('http', url)
  return (await ask(client, ServerDocument, {})).server.hermes
}

test('server.hermes tells whether Hermes is turned off, missing, found or damaged, as it is now', async () => {
  await using without = await startTestSegue({ settings: { hermesHome: null } })
  expect(await loadHermes(without)).toEqual({ state: 'DISABLED', error: null })

  const hermesHome = newTempFolder()
  onTestFinished(() => rmSync(hermesHome, { recursive: true, force: true }))
  const path = join(hermesHome, 'state.db')
  await using segue = await startTestSegue({ settings: { hermesHome } })
  expect(await loadHermes(segue)).toEqual({ state: 'NOT_FOUND', error: null })
  const hermes = new HermesDb(path)
  hermes.addSession('one')
  hermes.close()
  expect(await loadHermes(segue)).toEqual({ state: 'FOUND', error: null })
  renameSync(path, `${path}.away`)
  writeFileSync(path, 'This is no database, whatever its name says. '.repeat(100))
  const damaged = await loadHermes(segue)
  expect(damaged).toEqual({ state: 'UNREADABLE', error: expect.stringContaining("Hermes' state.db") })
  expect(damaged.error).not.toContain(hermesHome)
  renameSync(`${path}.away`, path)
  await expect.poll(() => loadHermes(segue)).toEqual({ state: 'FOUND', error: null })
})
