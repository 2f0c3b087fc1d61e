import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import pino from 'pino'
import type { Provider } from '../../../src/config/profile/provider.ts'
import { MutableLiveValue } from '../../../src/config/reload/live-value.ts'
import { readSettings as readAllSettings } from '../../../src/config/settings.ts'
import { Readiness } from '../../../src/lib/telemetry/readiness.ts'
import { ProfileConfigs } from '../../../src/services/config-reload/profile-configs.ts'
import { directHttpClient } from '../../support/providers/connections.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { newHome } from '../../support/server/segue.ts'

const openai = newProvider({ name: 'openai', type: 'openai', apiKey: 'a' })
const ollama = newProvider({ name: 'ollama', baseURL: 'http://127.0.0.1:11434/v1' })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a provider that starts after the server is found within half a minute, and stays when it ends', async () => {
  const home = newHome()
  const readSettings = () => readAllSettings({ argv: ['--home', home], env: {}, homedir: home })
  const settings = new MutableLiveValue(readSettings())
  const discover = vi.fn<() => Promise<Provider[]>>().mockResolvedValue([openai])
  using configs = new ProfileConfigs(
    { settings, readSettings, env: {}, log: pino({ level: 'silent' }) },
    { httpClient: directHttpClient, readiness: new Readiness(), discover },
  )
  const loaded = await configs.load('default', home)
  expect(loaded.providers).toEqual([openai])
  const configure = vi.fn<Parameters<typeof configs.watch>[0]['configure']>()
  configs.watch({ name: 'default', folder: home, settings: loaded, configure })

  await vi.advanceTimersByTimeAsync(30_000)
  expect(configure).not.toHaveBeenCalled()
  discover.mockResolvedValue([openai, ollama])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(configure.mock.calls).toMatchObject([[{ settings: { providers: [openai, ollama] } }]])
  discover.mockResolvedValue([openai])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(configure).toHaveBeenCalledTimes(1)
  expect((await configs.load('default', home)).providers).toEqual([openai, ollama])
})
