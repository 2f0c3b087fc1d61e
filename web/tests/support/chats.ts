import type { Page } from 'playwright-core'
import { createSegueClient, type SegueClient } from '../../../client/src/index.ts'
import type { Segue } from '../../../src/segue.ts'

/** Another client of the server, closed at the end of its block. */
export function newClient({ url }: Pick<Segue, 'url'>): SegueClient & Disposable {
  const client = createSegueClient({ url })
  return Object.assign(client, { [Symbol.dispose]: () => client.close() })
}

/** Starts a chat elsewhere, with this title, and returns its session once it waits or is answered. */
export async function startChat(
  client: SegueClient,
  title: string,
  text = 'Hello',
  profile = 'default',
): Promise<string> {
  const { id } = await client.createSession({ title, profile })
  for await (const { type } of client.chat({ sessionId: id, text })) if (type === 'ClarificationChanged') break
  return id
}

/** A chat with so many questions and answers. */
export async function makeChat(url: string, turns: number): Promise<string> {
  using client = newClient({ url })
  const { id } = await client.createSession()
  for (let turn = 1; turn <= turns; turn += 1) {
    for await (const { type } of client.chat({ sessionId: id, text: `Question ${turn}?` }))
      if (type === 'StreamFinished') break
  }
  return id
}

export const sidebar = (page: Page) => page.getByRole('navigation', { name: 'Chats' })

/** The row of the chat with this title. */
export const row = (page: Page, title: string) => sidebar(page).locator('[data-chat]').filter({ hasText: title })

/** The headings and titles of the list that have elements, in their order. */
export async function readList(page: Page): Promise<string[]> {
  return sidebar(page)
    .locator('h2, [data-chat] a[title]')
    .evaluateAll((elements) =>
      elements
        .toSorted((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((element) =>
          element.tagName === 'H2' ? `# ${element.textContent}` : (element.getAttribute('title') ?? ''),
        ),
    )
}

/** Opens the menu of the actions of a chat. */
export async function openMenu(page: Page, title: string): Promise<void> {
  await row(page, title).hover()
  await page.getByRole('button', { name: `Actions for “${title}”` }).click()
  await page.getByRole('menu').waitFor()
}

/** Picks an action of a chat. */
export async function act(page: Page, title: string, action: string): Promise<void> {
  await openMenu(page, title)
  await page.getByRole('menuitem', { name: new RegExp(`^${action}`) }).click()
}
