import type { Page } from 'playwright-core'
import { newProvider } from '../../../tests/support/providers/provider.ts'
import { type Script, StrictProvider } from '../../../tests/support/providers/strict-provider.ts'
import type { TestSegueOptions } from '../../../tests/support/server/segue.ts'
import type { AppBrowser, OpenApp, OpenAppOptions } from './describe-app.ts'

export interface ScriptedApp extends OpenApp {
  readonly provider: StrictProvider
}

export interface ScriptedAppOptions extends OpenAppOptions {
  readonly scripts?: readonly Script[]
  readonly createToolSource?: TestSegueOptions['createToolSource']
}

/** Opens the app of a server whose model `strict/test` answers as it is told. */
export async function openScriptedApp(
  browser: AppBrowser,
  { scripts = [], createToolSource, ...options }: ScriptedAppOptions = {},
): Promise<ScriptedApp> {
  const provider = await StrictProvider.start()
  for (const script of scripts) provider.enqueue(script)
  const settings = {
    model: 'strict/test',
    providers: [newProvider({ name: 'strict', baseURL: provider.baseURL, models: ['test'] })],
    ...options.segue?.settings,
  }
  const segue = { ...options.segue, settings, ...(createToolSource && { createToolSource }) }
  const app = await browser.open({ ...options, segue })
  return {
    ...app,
    provider,
    [Symbol.asyncDispose]: async () => {
      await provider.close()
      await app[Symbol.asyncDispose]()
    },
  }
}

/** Sends a message as a person does. */
export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
}

/** The last answer on a page. */
export function lastAnswer(page: Page) {
  return page.locator('article[data-role=ASSISTANT]').last()
}
