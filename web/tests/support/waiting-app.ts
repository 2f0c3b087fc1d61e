import type { Locator, Page } from 'playwright-core'
import type { Tool } from '../../../src/agent/tools/tool.ts'
import { defaultLimits, type ServerLimits } from '../../../src/config/limits.ts'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import { post, start } from '../../../tests/support/server/post.ts'
import type { AppBrowser, OpenApp, OpenAppOptions } from './describe-app.ts'

export interface WaitingAppOptions extends OpenAppOptions {
  /** Default: `files__write`, which needs approval. */
  readonly tools?: readonly Tool[]
  /** Messages to the offline agent, each in a chat of its own: `/tool`, `/ask` and `/form` make it wait. */
  readonly messages?: readonly string[]
  readonly limits?: Partial<ServerLimits>
}

export interface WaitingApp extends OpenApp {
  /** What was settled. */
  readDecisions(kind: 'approvals' | 'clarifications'): Promise<unknown>
}

/** Opens the inbox of a server whose offline agent has tools, and waits for a person. */
export async function openWaitingApp(
  browser: AppBrowser,
  { tools = [newTool()], messages = [], limits = {}, path = '/inbox', ...options }: WaitingAppOptions = {},
): Promise<WaitingApp> {
  const settings = { limits: { ...defaultLimits, ...limits }, ...options.segue?.settings }
  const segue = { ...options.segue, settings, createToolSource: () => newToolSource(...tools) }
  const app = await browser.open({ ...options, segue, path })
  for (const text of messages) await start(app.segue.url, { text })
  return { ...app, readDecisions: (kind) => readDecisions(app.segue.url, kind) }
}

/** The card of what waits, or waited: by its title, such as `May files__write run?`. */
export function findCard(page: Page, title: string | RegExp): Locator {
  return page.getByRole('group', { name: title })
}

async function readDecisions(url: string, kind: 'approvals' | 'clarifications'): Promise<unknown> {
  const fields = kind === 'approvals' ? 'decision reason arguments pattern' : 'answer declined'
  const { data } = await post(url, `{ ${kind}(pending: false) { state ${fields} } }`)
  return data?.[kind]
}
