import type { Page } from 'playwright-core'
import { defaultLimits, type ServerLimits } from '../../../src/config/limits.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { newProvider } from '../../../tests/support/providers/provider.ts'
import { StrictProvider } from '../../../tests/support/providers/strict-provider.ts'
import type { AppBrowser, OpenApp, OpenAppOptions } from './describe-app.ts'

/** An app whose models, `strict/test` and `strict/other`, answer as a test says. */
export interface AppWithProvider extends OpenApp {
  readonly provider: StrictProvider
}

export interface OpenWithProviderOptions extends Omit<OpenAppOptions, 'segue'> {
  readonly limits?: Partial<ServerLimits>
  readonly settings?: Partial<Settings>
  /** Of the models, in tokens. */
  readonly contextWindow?: number
}

/** Opens the app of a server with a scripted provider. `await using` closes both. */
export async function openWithProvider(
  browser: AppBrowser,
  { limits = {}, settings = {}, contextWindow, ...options }: OpenWithProviderOptions = {},
): Promise<AppWithProvider> {
  await using resources = new AsyncDisposableStack()
  const provider = resources.use(await StrictProvider.start({ models: ['test', 'other'] }))
  const model = newProvider({
    name: 'strict',
    baseURL: provider.baseURL,
    apiKey: null,
    models: ['test', 'other'],
    ...(contextWindow !== undefined && { contextWindow }),
  })
  const app = resources.use(
    await browser.open({
      ...options,
      segue: {
        settings: { model: 'strict/test', providers: [model], limits: { ...defaultLimits, ...limits }, ...settings },
      },
    }),
  )
  const owned = resources.move()
  return { ...app, provider, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export interface HeldAnswer {
  /** Lets the answer end. */
  release(): void
}

/** The next answer says `text`, and then waits until it is released. */
export function holdAnswer(provider: StrictProvider, text = 'Let me think'): HeldAnswer {
  const { promise, resolve } = Promise.withResolvers<void>()
  provider.enqueue([{ text }, { wait: promise }, { text: ' Done.' }, { finish: 'stop' }])
  return { release: () => resolve() }
}

/** The parts of the page that tests of the chat use. */
export function findChat(page: Page) {
  const composer = page.getByRole('textbox', { name: 'Message', exact: true })
  return {
    composer,
    answers: page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Agent' }) }),
    questions: page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'You' }) }),
    queue: page.getByRole('region', { name: 'After this answer' }).getByRole('listitem'),
    steering: page.getByRole('region', { name: 'Will join this answer' }).getByRole('listitem'),
    /** Writes a message and sends it with the key. */
    send: async (text: string, key = 'Enter'): Promise<void> => {
      await composer.fill(text)
      await composer.press(key)
    },
  }
}
