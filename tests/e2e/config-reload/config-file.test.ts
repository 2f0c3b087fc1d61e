import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReloadingServer, startReloadingServer } from '../../support/config/reloading-server.ts'

let running: ReloadingServer
beforeAll(async () => void (running = await startReloadingServer({})))
afterAll(() => running[Symbol.asyncDispose]())

const inEffect = 'The changed config.json is in effect.'
const pathOf = (...names: string[]): string => join(running.home, ...names)
const newOrigin = (() => {
  let count = 0
  return () => `https://app-${(count += 1)}.example`
})()

/** The status of a request from a page of an origin. */
async function askFrom(origin: string): Promise<number> {
  const body = JSON.stringify({ query: '{ __typename }' })
  const headers = { origin, 'content-type': 'application/json' }
  return (await fetch(`${running.server.url}/graphql`, { method: 'POST', headers, body })).status
}

/** Puts a version of the file into a folder of its own, and has `..data` lead there, as Kubernetes does. */
function swapConfigMap(text: string): void {
  const version = `..version-${running.countLogged(inEffect)}`
  mkdirSync(pathOf('mounted', version), { recursive: true })
  writeFileSync(pathOf('mounted', version, 'config.json'), text)
  symlinkSync(version, pathOf('mounted', '..data_tmp'))
  renameSync(pathOf('mounted', '..data_tmp'), pathOf('mounted', '..data'))
}

const changes: Readonly<Record<string, (text: string) => void>> = {
  'written in place': (text) => writeFileSync(pathOf('config.json'), text),
  'written beside it and renamed over it': (text) => {
    writeFileSync(pathOf('.config.json.swp'), text)
    renameSync(pathOf('.config.json.swp'), pathOf('config.json'))
  },
  'truncated and written in pieces': (text) => {
    writeFileSync(pathOf('config.json'), '')
    for (const piece of text.match(/.{1,7}/gs) ?? []) writeFileSync(pathOf('config.json'), piece, { flag: 'a' })
  },
  'renamed to a backup and written anew': (text) => {
    renameSync(pathOf('config.json'), pathOf('config.json~'))
    writeFileSync(pathOf('config.json'), text)
  },
  'replaced by a link to another place': (text) => {
    swapConfigMap(text)
    rmSync(pathOf('config.json'))
    symlinkSync(join('mounted', '..data', 'config.json'), pathOf('config.json'))
  },
  'a link whose target is swapped, as in Kubernetes': swapConfigMap,
}

describe('A config.json takes effect without a restart when it is', () => {
  test.each(Object.keys(changes))('%s', async (name) => {
    const origin = newOrigin()
    expect(await askFrom(origin)).toBe(403)
    await running.waitForLog(inEffect, () => changes[name]?.(JSON.stringify({ allowOrigins: [origin] })))
    expect(await askFrom(origin)).toBe(200)
    expect(running.countLogged('Until this is corrected')).toBe(0)
  })
})

/** What `/ready` says. */
async function askWhetherReady(): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${running.server.url}/ready`)
  return { status: response.status, body: await response.json() }
}

const ready = { status: 200, body: { status: 'ready', problems: [] } }

describe('A config.json changes nothing while it', () => {
  const origin = newOrigin()

  test.each([
    ['is not JSON', '{ "allowOrigins": [', 'line 1, column 20: Invalid JSON.'],
    ['has a value that is not allowed', '{ "limits": { "streams": 0 } }', 'limits.streams: Must be'],
    ['is empty', '', 'line 1, column 1: Invalid JSON.'],
  ])('%s, and /ready and the log say so, once', async (_, broken, message) => {
    await running.writeConfig({ allowOrigins: [origin], limits: { streams: 1000 + message.length } })
    expect(await askWhetherReady()).toEqual(ready)
    await running.waitForLog(message, () => writeFileSync(pathOf('config.json'), broken))
    expect(await askFrom(origin)).toBe(200)
    expect(await askWhetherReady()).toMatchObject({
      status: 200,
      body: { problems: [{ component: 'config:default' }] },
    })
    const line = running.server.output.stderr.split('\n').find((each) => each.includes(message))
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 50,
      msg: expect.stringContaining('the previous settings apply'),
    })
    // A server that reads it once more says nothing new.
    await running.waitForLog('The configuration is read.', () => running.server.process.kill('SIGHUP'))
    expect(running.countLogged(message)).toBe(1)
  })

  test('is gone, until there is one again', async () => {
    await running.writeConfig({ allowOrigins: [origin] })
    await running.waitForLog('The file is gone.', () => rmSync(pathOf('config.json')))
    expect(await askFrom(origin)).toBe(200)
    await running.waitForLog('The file is valid again.', () => writeFileSync(pathOf('config.json'), '{}'))
    expect(await askFrom(origin)).toBe(403)
  })
})

test('What needs a restart is named in one line, and the rest of the file takes effect', async () => {
  const origin = newOrigin()
  // --port overrides the port of the file, so that it has not changed.
  const oidc = { issuer: 'https://id.example.com', audience: 'segue' }
  const config = { port: 1, host: 'localhost', oidc, currency: 'EUR', allowOrigins: [origin] }
  await running.waitForLog('Restart Segue to apply the changes of host, oidc, currency in config.json.', () =>
    writeFileSync(pathOf('config.json'), JSON.stringify(config)),
  )
  expect(await askFrom(origin)).toBe(200)
  await running.writeConfig({ ...config, allowOrigins: [] })
  expect(running.countLogged('Restart Segue')).toBe(1)
})

test('SIGHUP has the files read again', async () => {
  const origin = newOrigin()
  await running.waitForLog(inEffect, () => {
    writeFileSync(pathOf('config.json'), JSON.stringify({ allowOrigins: [origin] }))
    running.server.process.kill('SIGHUP')
  })
  expect(running.countLogged('Reading the configuration again.')).toBeGreaterThan(0)
  expect(await askFrom(origin)).toBe(200)
  expect(running.server.process.exitCode).toBeNull()
})
