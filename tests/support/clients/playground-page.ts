import type { BrowserContext, Page } from 'playwright-core'
import type { z } from 'zod'

const timeoutMs = 15_000 // milliseconds

/**
 * What the response pane shows as soon as it is not `before`, at the latest after the limit. It is without white space:
 * the editor wraps and indents lines as it likes; and it keeps them in no order.
 */
const responseScript = (before: string): string => `new Promise((resolve) => {
  const shown = () => [...document.querySelectorAll('.graphiql-response .view-line')]
    .sort((a, b) => Number.parseInt(a.style.top) - Number.parseInt(b.style.top))
    .map((line) => line.textContent).join('').replace(/\\s/g, '')
  const look = () => shown() === ${JSON.stringify(before)} ? requestAnimationFrame(look) : resolve(shown())
  setTimeout(() => resolve(shown()), ${timeoutMs})
  look()
})`

/** GraphiQL reads a little after a change of tab which operation is in it, and shows nothing of that. */
const tabSettledScript = `new Promise((resolve) => setTimeout(resolve, 300))`

/** A text as `response` tells it: without white space. */
export function stripWhitespace(text: string): string {
  return text.replaceAll(/\s/g, '')
}

/** The playground as a person uses it. Keeps what the page asked for, and what it complained about. */
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
    // Tabs glide to their places at first: a click can meet another one.
    while ((await tab.getAttribute('aria-selected')) !== 'true') {
      await tab.getByRole('button', { name, exact: true }).click()
    }
    await this.#page.evaluate(tabSettledScript)
  }

  /** Pastes them over what is there: the editor would complete braces that are typed. */
  async setVariables(variables: object): Promise<void> {
    await this.#page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(JSON.stringify(variables))})`)
    await this.#page.getByRole('region', { name: 'Variables' }).getByRole('code').first().click()
    await this.#page.keyboard.press('ControlOrMeta+A')
    await this.#page.keyboard.press('ControlOrMeta+V')
  }

  /** Runs the tab that is open. */
  async execute(): Promise<void> {
    await this.#page.getByRole('button', { name: /^Execute/ }).click()
  }

  /** Waits until the button offers to run again, as it does when a subscription has ended. */
  async waitForEnd(): Promise<void> {
    await this.#page.getByRole('button', { name: /^Execute/ }).waitFor({ timeout: timeoutMs })
  }

  /** The response, without white space, as soon as it fits the shape and `suffices`. Rejects with what is shown else. */
  async waitForResponse<T>(shape: z.ZodType<T>, suffices: (shown: T) => boolean = () => true): Promise<T> {
    const deadline = performance.now() + timeoutMs
    let text = ''
    for (;;) {
      text = String(await this.#page.evaluate(responseScript(text)))
      const shown = shape.safeParse(parseJsonOrNull(text))
      if (shown.success && suffices(shown.data)) return shown.data
      if (performance.now() > deadline) throw new Error(`this is shown: ${text}`)
    }
  }

  /** The docs of a root type: what the panel says of its fields. */
  async readDocs(type: string): Promise<string> {
    await this.#page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await this.#page.locator('.graphiql-doc-explorer').getByText(type, { exact: true }).first().click()
    await this.#page.locator('.graphiql-doc-explorer-title', { hasText: type }).waitFor()
    return this.#page.locator('.graphiql-doc-explorer').innerText()
  }
}

function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
