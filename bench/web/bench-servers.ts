import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { buildWeb, compressFiles } from '../../scripts/build/build-web.ts'
import { findChromium, launchChromium } from '../../tests/support/clients/chromium.ts'
import { newProvider } from '../../tests/support/providers/provider.ts'
import { StrictProvider } from '../../tests/support/providers/strict-provider.ts'
import { newHome, startTestSegue } from '../../tests/support/server/segue.ts'
import { seedChats } from './seed-chats.ts'

/**
 * Playwright attaches the inspector, for which V8 parses a script again to know where the first `Error` in it was made: in an
 * app as in an empty page, React makes some when it is loaded. Without an inspector, nobody waits for that; with this flag, it is
 * known when the script is compiled.
 */
const eagerSourcePositions = '--js-flags=--no-enable-lazy-source-positions'

/** Everything that the web app and the empty page are measured with. */
export interface BenchServers extends AsyncDisposable {
  readonly browser: Browser
  /** The address of the web app. */
  readonly appUrl: string
  /** The address of the page with an empty React list, from a server of the same kind. */
  readonly emptyUrl: string
  /** Where the chat with many messages is. */
  readonly longChatPath: string
  /** What the model of the app's server says is scripted. */
  readonly provider: StrictProvider
}

export interface BenchServersOptions {
  /** Conversations in the list. */
  readonly chats: number
  /** Messages of the newest conversation. */
  readonly messages: number
}

/** Builds both pages with the same Vite, and starts their servers and a browser. */
export async function startBenchServers({ chats, messages }: BenchServersOptions): Promise<BenchServers> {
  await using resources = new AsyncDisposableStack()
  // That of a shell may be another, and would build React for development.
  process.env['NODE_ENV'] = 'production'
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('Chromium was not found. Set CHROMIUM_PATH.')
  const home = resources.adopt(newHome(), (path) => rmSync(path, { recursive: true, force: true }))
  const [appFolder, emptyFolder] = [join(home, 'pages', 'app'), join(home, 'pages', 'empty')]
  mkdirSync(join(home, 'pages'))
  await buildWeb({ outDir: appFolder })
  await buildEmptyPage(emptyFolder)
  const { longChatId } = await seedChats(home, chats, messages)
  const provider = resources.use(await StrictProvider.start())
  const app = resources.use(
    await startTestSegue({
      webAppFolder: appFolder,
      settings: {
        home,
        model: 'strict/test',
        providers: [newProvider({ name: 'strict', baseURL: provider.baseURL, models: ['test'] })],
      },
    }),
  )
  const empty = resources.use(await startTestSegue({ webAppFolder: emptyFolder }))
  const browser = resources.adopt(await launchChromium(executablePath, [eagerSourcePositions]), (launched) =>
    launched.close(),
  )
  const owned = resources.move()
  return {
    browser,
    appUrl: app.url,
    emptyUrl: empty.url,
    longChatPath: `/chat/${longChatId}`,
    provider,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** As the app is built. */
async function buildEmptyPage(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'empty-page'),
    logLevel: 'warn',
    build: { target: 'es2023', outDir, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  })
  compressFiles(outDir)
}
