import { expect, test } from 'vitest'
import { newClient, readList, row, sidebar, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { daysAgo, newHermesHome } from '../support/hermes-home.ts'

describeApp('The list of chats', (browser) => {
  test('is live: a chat that begins elsewhere comes in, on top, and its name follows', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    using client = newClient(segue)
    await startChat(client, 'First')
    await row(page, 'First').waitFor()
    const id = await startChat(client, 'Second')
    await expect.poll(() => readList(page)).toEqual(['# Today', 'Second', 'First'])
    await client.updateSession(id, { title: 'Renamed' })
    await expect.poll(() => readList(page)).toEqual(['# Today', 'Renamed', 'First'])
  })

  test('is grouped by day: today, yesterday, weekday, date', async () => {
    const { folder, addChat } = newHermesHome()
    const [lastWeekday, thisYear, lastYear] = [daysAgo(4), daysAgo(40), daysAgo(500)]
    addChat('a', daysAgo(1), { title: 'Of yesterday' })
    addChat('b', lastWeekday, { title: 'Of a weekday' })
    addChat('c', thisYear, { title: 'Of a date' })
    addChat('d', lastYear, { title: 'Of another year' })
    await using app = await browser.open({ segue: { settings: { hermesHome: folder } } })
    using client = newClient(app.segue)
    await startChat(client, 'Of today')
    await row(app.page, 'Of today').waitFor()
    await row(app.page, 'Of another year').waitFor()
    const list = await readList(app.page)
    const weekday = new Intl.DateTimeFormat('en', { weekday: 'long' }).format(lastWeekday)
    const date = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' }).format(lastYear)
    expect(list.slice(0, 6)).toEqual([
      '# Today',
      'Of today',
      '# Yesterday',
      'Of yesterday',
      `# ${weekday}`,
      'Of a weekday',
    ])
    expect(list.slice(7)).toEqual(['Of a date', `# ${date}`, 'Of another year'])
    expect(list[6]).toContain(new Intl.DateTimeFormat('en', { month: 'long' }).format(thisYear))
  })

  test('has what needs a person first, with their number in the title of the page', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    using client = newClient(segue)
    await startChat(client, 'Asks', '/ask Where to?')
    await startChat(client, 'Newer')
    await expect.poll(() => readList(page)).toEqual(['# Needs you', 'Asks', '# Today', 'Newer'])
    await expect.poll(() => page.title()).toBe('(1) Segue')
    await row(page, 'Newer').getByRole('link').click()
    await expect.poll(() => page.title()).toBe('(1) Newer – Segue')
    await row(page, 'Asks').getByText('Question').waitFor()
  })

  test('has unread chats in bold, which are read once they are opened', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    using client = newClient(segue)
    const id = await startChat(client, 'News')
    const title = row(page, 'News').getByText('News')
    await row(page, 'News').getByLabel('Unread').waitFor()
    expect(Number(await title.evaluate((element) => getComputedStyle(element).fontWeight))).toBeGreaterThan(500)
    await row(page, 'News').getByRole('link').click()
    await row(page, 'News').getByLabel('Unread').waitFor({ state: 'detached' })
    expect(Number(await title.evaluate((element) => getComputedStyle(element).fontWeight))).toBeLessThan(500)
    // It stays read while it grows in sight of a person.
    for await (const _ of client.chat({ sessionId: id, text: 'And more' }));
    const read = 'query ($ids: [ID!]) { conversations(filter: { ids: $ids }) { edges { node { attention } } } }'
    await expect
      .poll(() => client.request(read, { ids: [id] }))
      .toEqual({ conversations: { edges: [{ node: { attention: 'IDLE' } }] } })
  })

  test('shows the chat of the page as the current one, whichever of its sessions the address names', async () => {
    const { folder, hermes, addChat } = newHermesHome()
    addChat('first', daysAgo(2), {
      title: 'Long one',
      ended_at: daysAgo(2, 13).getTime() / 1000,
      end_reason: 'compression',
    })
    addChat('second', daysAgo(1), { parent_session_id: 'first' })
    hermes.countMessages('second')
    await using app = await browser.open({ path: '/chat/first', segue: { settings: { hermesHome: folder } } })
    await sidebar(app.page)
      .getByRole('link', { name: 'Long one' })
      .and(app.page.locator('[aria-current=page]'))
      .waitFor()
    await expect.poll(() => app.page.title()).toBe('Long one – Segue')
    expect(await sidebar(app.page).locator('[aria-current=page]').count()).toBe(1)
  })

  test('is walked through with the arrow keys, and is one stop of the tab key', async () => {
    await using app = await browser.open()
    const { page, segue } = app
    using client = newClient(segue)
    for (const title of ['C', 'B', 'A']) await startChat(client, `Chat ${title}`)
    await row(page, 'Chat C').waitFor()
    await row(page, 'Chat A').getByRole('link').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.getAttribute('title') ?? null)
    expect(await focused()).toBe('Chat C')
    await page.keyboard.press('Home')
    expect(await focused()).toBe('Chat A')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Actions for “Chat A”')
    await page.keyboard.press('Tab')
    expect((await focused()) ?? '').not.toContain('Chat')
  })
})
