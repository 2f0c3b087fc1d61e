import type { BrowserContext, Page } from 'playwright-core'
import type { z } from 'zod'
import { parseJsonOrNull } from '../../../src/lib/text/json.ts'
import { waitLimitMs } from '../vitest-limits.ts'

/**
 * Resolves to the text of the response pane when it is no longer `before`, or after the timeout. White space is removed and
 * lines are sorted, because the editor wraps and indents lines, and keeps them in any order.
 */
const responseScript = (before: string): string => `new Promise((resolve) => {
  const shown = () => [...document.querySelectorAll('.graphiql-response .view-line')]
    .sort((a, b) => Number.parseInt(a.style.top) - Number.parseInt(b.style.top))
    .map((line) => line.textContent).join('').replace(/\\s/g, '')
  const look = () => shown() === ${JSON.stringify(before)} ? requestAnimationFrame(look) : resolve(shown())
  setTimeout(() => resolve(shown()), ${waitLimitMs})
  look()
})`

/** GraphiQL parses the operation shortly after a change of tab, without any visible sign. */
const tabSettledScript = `new Promise((resolve) => setTimeout(resolve, 300))`

/** Removes white space, as in the result of `waitForResponse`. */
export function stripWhitespace(text: string): string {
  return text.replaceAll(/\s/g, '')
}

/** The playground in a browser. Records the requests, sockets and errors of the page. */
export class PlaygroundPage {
  readonly requests: string[] = []
  readonly sockets: string[] = []
  readonly errors: string[] = []
  readonly #page: Page

  private constructor(context: BrowserContext, page: Page) {
    this.#page = page
    context.on('request', (request) => this.requests.push(request.url()))
    page.on('websocket', (socket) => this.sockets.push(socket.url()))
    page.on('pageerror', ({ message }) => this.errors.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text())
    })
  }

  static async open(context: BrowserContext, url: string): Promise<PlaygroundPage> {
    const playground = new PlaygroundPage(context, context.pages()[0] ?? (await context.newPage()))
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await playground.#page.goto(`${url}/graphql`)
    await playground.#page.getByRole('button', { name: /^Execute/ }).waitFor()
    return playground
  }

  title(): Promise<string> {
    return this.#page.title()
  }

  tabs(): Promise<string[]> {
    return this.#page
      .getByRole('tab')
      .getByRole('button', { name: /^(?!Close)/ })
      .allInnerTexts()
  }

  async select(name: string): Promise<void> {
    const tab = this.#page.getByRole('tab', { name })
    // The tabs are animated at first, so a click can hit another one.
    while ((await tab.getAttribute('aria-selected')) !== 'true') {
      await tab.getByRole('button', { name, exact: true }).click()
    }
    await this.#page.evaluate(tabSettledScript)
  }

  /** Pastes the variables: the editor would complete braces that are typed. */
  async setVariables(variables: object): Promise<void> {
    await this.#page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(JSON.stringify(variables))})`)
    await this.#page.getByRole('region', { name: 'Variables' }).getByRole('code').first().click()
    await this.#page.keyboard.press('ControlOrMeta+A')
    await this.#page.keyboard.press('ControlOrMeta+V')
  }

  /** Runs the operation of the selected tab. */
  async execute(): Promise<void> {
    await this.#page.getByRole('button', { name: /^Execute/ }).click()
  }

  /** Waits until the button is an execute button again, as after the end of a subscription. */
  async waitForEnd(): Promise<void> {
    await this.#page.getByRole('button', { name: /^Execute/ }).waitFor({ timeout: waitLimitMs })
  }

  /** The response, without white space, when it matches the schema and the predicate. Rejects after a timeout. */
  async waitForResponse<T>(schema: z.ZodType<T>, matches: (response: T) => boolean = () => true): Promise<T> {
    const deadline = performance.now() + waitLimitMs
    let text = ''
    for (;;) {
      text = String(await this.#page.evaluate(responseScript(text)))
      const response = schema.safeParse(parseJsonOrNull(text))
      if (response.success && matches(response.data)) return response.data
      if (performance.now() > deadline) throw new Error(`The response does not match: ${text}`)
    }
  }

  /** The text that the documentation panel shows for a root type. */
  async readDocs(type: string): Promise<string> {
    await this.#page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await this.#page.locator('.graphiql-doc-explorer').getByText(type, { exact: true }).first().click()
    await this.#page.locator('.graphiql-doc-explorer-title', { hasText: type }).waitFor()
    return this.#page.locator('.graphiql-doc-explorer').innerText()
  }
}
