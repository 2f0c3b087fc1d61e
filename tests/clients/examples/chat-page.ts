import type { BrowserContext, Page } from 'playwright-core'
import { waitLimitMs } from '../../support/vitest-limits.ts'

/** The page of an example. All have the same labels, so that one driver serves them all. */
export class ChatPage implements AsyncDisposable {
  /** What went wrong in the page. */
  readonly errors: string[] = []
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
    page.setDefaultTimeout(waitLimitMs)
    page.on('pageerror', ({ stack, message }) => this.errors.push(stack ?? message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text())
    })
  }

  static async open(context: BrowserContext, url: string): Promise<ChatPage> {
    const page = new ChatPage(await context.newPage())
    await page.#page.goto(url)
    return page
  }

  async send(text: string): Promise<void> {
    await this.#page.getByLabel('Message', { exact: true }).fill(text)
    await this.#page.getByRole('button', { name: 'Send' }).click()
  }

  async stop(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Stop' }).click()
  }

  /** Waits until a message can be sent: no answer runs. */
  async waitForEnd(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Send' }).waitFor()
  }

  /** Waits until an answer runs. */
  async waitForStart(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Stop' }).waitFor()
  }

  async reload(): Promise<void> {
    await this.#page.reload()
  }

  /** Waits until the messages show a text. */
  async waitForText(text: string): Promise<void> {
    await this.#page.getByLabel('Messages').getByText(text).first().waitFor()
  }

  /** Waits until the messages no longer show a text, so that what is typed next goes to the chat that replaces theirs. */
  async waitForNoText(text: string): Promise<void> {
    await this.#page.getByLabel('Messages').getByText(text).first().waitFor({ state: 'hidden' })
  }

  /** How often the messages show a text. */
  async countText(text: string): Promise<number> {
    const shown = await this.#page.getByLabel('Messages').textContent()
    return (shown ?? '').split(text).length - 1
  }

  /** Opens a conversation of the list. */
  async choose(title: string): Promise<void> {
    await this.#page.getByRole('navigation').getByText(title).click()
  }

  /** Waits until the list has a conversation, or no longer has it. */
  async waitForConversation(title: string, state: 'visible' | 'detached' = 'visible'): Promise<void> {
    await this.#page.getByRole('navigation').getByText(title).first().waitFor({ state })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.close()
  }
}
