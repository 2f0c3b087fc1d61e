import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Browser as PlaywrightBrowser, type BrowserContext, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome']
const macOsPath = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/** The browser of this machine: `CHROMIUM_PATH`, or one with a common name; null when there is none. */
export function findChromium(): string | null {
  const { CHROMIUM_PATH, PATH = '' } = process.env
  if (CHROMIUM_PATH) return CHROMIUM_PATH
  const folders = ['/usr/bin', ...PATH.split(delimiter)]
  const candidates = [...names.flatMap((name) => folders.map((folder) => join(folder, name))), macOsPath]
  return candidates.find((path) => existsSync(path)) ?? null
}

/** Keeps the browser away from the network: it opens only pages of this machine. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]

/** A browser for pages that each have a context of their own. */
export function launchChromium(executablePath: string, moreFlags: readonly string[] = []): Promise<PlaywrightBrowser> {
  return chromium.launch({ executablePath, args: [...flags, ...moreFlags] })
}

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext
}

export async function startChromium(executablePath: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'segue-chromium-'))
  const viewport = { width: 1400, height: 2000 } // in pixels; the editors render only visible lines
  const context = await chromium.launchPersistentContext(profile, { executablePath, viewport, args: flags })
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
