import { expect, test } from 'vitest'
import { act, newClient, readList, row, sidebar, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { daysAgo, newHermesHome } from '../support/hermes-home.ts'

describeApp('The search', (browser) => {
  test('shows the text around what it has found, and jumps to the message', async () => {
    const { folder, hermes, addChat } = newHermesHome()
    addChat('trees', daysAgo(3), { title: 'About trees' })
    const time = daysAgo(3, 13).getTime() / 1000
    for (let i = 0; i < 300; i++) {
      const content = i === 20 ? 'The willow by the river is an old tree.' : `Line ${i}. ${'More text. '.repeat(20)}`
      hermes.addMessage('trees', time + i, { role: i % 2 ? 'assistant' : 'user', content })
    }
    hermes.countMessages('trees')
    await using app = await browser.open({ segue: { settings: { hermesHome: folder } } })
    const { page } = app
    await row(page, 'About trees').waitFor()
    await page.getByRole('textbox', { name: 'Search chats' }).fill('WILLOW riv')
    const hit = sidebar(page).getByRole('link').filter({ hasText: 'About trees' })
    await hit.getByText('The willow by the river').waitFor()
    expect(await hit.locator('mark').allTextContents()).toEqual(['willow', 'river'])
    await hit.click()
    await page.waitForURL(/\/chat\/trees#./)
    const message = page.getByRole('article').filter({ hasText: 'The willow by the river' })
    await message.waitFor()
    // What is above it gets its real height in the next frames.
    const findTop = (): Promise<number> => message.evaluate((element) => element.getBoundingClientRect().top)
    await expect.poll(findTop).toBeGreaterThanOrEqual(0)
    expect(await findTop()).toBeLessThan(400)
  })

  test('finds a chat by the title that it was given last, at once', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Plans')
    const field = page.getByRole('textbox', { name: 'Search chats' })
    const found = page.getByRole('region', { name: 'Found' }).getByRole('link')
    let before = 'Plans'
    for (const title of ['A quarry', 'An orchard']) {
      await act(page, before, 'Rename')
      await page.getByRole('textbox', { name: 'Title of the chat' }).fill(title)
      await page.keyboard.press('Enter')
      await row(page, title).waitFor()
      await field.fill(title)
      await found.filter({ hasText: title }).waitFor()
      await field.fill('')
      before = title
    }
    await field.fill('quarry')
    await page.getByText('Nothing was found.').first().waitFor()
  })

  test('finds titles, is told of by its number, and is cleared with Escape', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Plan of the garden')
    await startChat(client, 'Something else')
    await row(page, 'Something else').waitFor()
    const field = page.getByRole('textbox', { name: 'Search chats' })
    await field.fill('garden')
    await sidebar(page).getByRole('status').getByText('1 result').waitFor({ state: 'attached' })
    expect(await sidebar(page).locator('mark').allTextContents()).toEqual(['garden'])
    await field.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/chat\/ses_/)
    await field.fill('nowhere to be found')
    await sidebar(page).getByText('Nothing was found.').last().waitFor()
    await field.press('Escape')
    await row(page, 'Something else').waitFor()
    expect(await field.inputValue()).toBe('')
  })
})

describeApp('The sidebar of a phone', (browser) => {
  test('gives way to what was chosen in it, also to another message of the same chat', async () => {
    await using app = await browser.open({ context: { viewport: { width: 390, height: 800 } } })
    const { page } = app
    using client = newClient(app.segue)
    const id = await startChat(client, 'Only one', 'A question of trees')
    await page.goto(`${app.segue.url}/chat/${id}`)
    await page.getByRole('button', { name: 'Show the chats' }).click()
    await page.getByRole('textbox', { name: 'Search chats' }).fill('question of trees')
    const hit = sidebar(page)
      .getByRole('link')
      .filter({ has: page.locator('mark') })
    await hit.first().click()
    await hit.first().waitFor({ state: 'hidden' })
  })
})

describeApp('The filter of the list', (browser) => {
  test('shows chats by channel and by origin, with counts, and is remembered', async () => {
    const { folder, addChat } = newHermesHome()
    addChat('a', daysAgo(1), { title: 'In a terminal' })
    addChat('b', daysAgo(2), { title: 'On Telegram', source: 'telegram' })
    addChat('c', daysAgo(3), { title: 'Also on Telegram', source: 'telegram' })
    addChat('d', daysAgo(4), { title: 'Of a job', source: 'cron' })
    await using app = await browser.open({ segue: { settings: { hermesHome: folder } } })
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Of today')
    const titles = async (): Promise<string[]> => (await readList(page)).filter((line) => !line.startsWith('#'))
    await expect.poll(titles).toEqual(['Of today', 'In a terminal', 'On Telegram', 'Also on Telegram'])

    await page.getByRole('button', { name: 'Filter the chats' }).click()
    const choice = (name: RegExp) => page.getByRole('menuitemcheckbox', { name })
    await choice(/^Messengers ?2$/).click()
    await expect.poll(titles).toEqual(['On Telegram', 'Also on Telegram'])
    await choice(/^Jobs ?1$/).click()
    await expect.poll(titles).toEqual(['On Telegram', 'Also on Telegram', 'Of a job'])
    expect(await page.getByRole('menuitemradio').allTextContents()).toEqual(['Both3', 'Segue0', 'Hermes3'])
    await page.keyboard.press('Escape')

    await page.reload()
    await expect.poll(titles).toEqual(['On Telegram', 'Also on Telegram', 'Of a job'])
    for (const name of ['Messengers', 'Jobs'])
      await page.getByRole('button', { name: `Remove the filter: ${name}` }).click()
    await expect.poll(titles).toEqual(['Of today', 'In a terminal', 'On Telegram', 'Also on Telegram'])

    await page.getByRole('button', { name: 'Filter the chats' }).click()
    await page.getByRole('menuitemradio', { name: /^Segue ?1$/ }).click()
    await expect.poll(titles).toEqual(['Of today'])
  })

  test('shows the archive', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Kept')
    const id = await startChat(client, 'Put away')
    await client.updateSession(id, { title: 'Put away' })
    const conversationId = (await client.session(id))?.conversationId ?? ''
    await client.updateConversation(conversationId, { archived: true })
    await expect.poll(() => readList(page)).toEqual(['# Today', 'Kept'])
    await page.getByRole('button', { name: 'Filter the chats' }).click()
    await page.getByRole('menuitemcheckbox', { name: /^Archived chats ?1$/ }).click()
    await expect.poll(() => readList(page)).toEqual(['# Today', 'Put away'])
  })

  test('goes to other profiles, with counts, in which new chats begin then', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    const id = await startChat(client, 'Of default')
    expect(await sidebar(page).getByRole('button', { name: 'Profile: default' }).count()).toBe(0)
    await startChat(client, 'Of work', 'Hello', 'work')
    await page.reload()
    await row(page, 'Of default').waitFor()
    await sidebar(page).getByRole('button', { name: 'Profile: default' }).click()
    await page.getByRole('menuitemradio', { name: /^work ?1$/ }).click()
    await expect.poll(() => readList(page)).toEqual(['# Today', 'Of work'])
    await page.getByRole('textbox', { name: 'Message' }).fill('A new one')
    await page.keyboard.press('Enter')
    await row(page, 'A new one').waitFor()
    await page.reload()
    await row(page, 'A new one').waitFor()
    // A chat of another profile that is opened by its address shows that profile.
    await page.goto(`${app.segue.url}/chat/${id}`)
    await row(page, 'Of default').waitFor()
    await sidebar(page).getByRole('button', { name: 'Profile: default' }).waitFor()
  })
})

describeApp('The sessions of a chat', (browser) => {
  test('are unfolded in the list, with where each was held, and lead to its first message', async () => {
    const { folder, hermes, addChat } = newHermesHome()
    const end = { ended_at: daysAgo(2, 13).getTime() / 1000, end_reason: 'compression' }
    addChat('first', daysAgo(2), { title: 'Long one', source: 'telegram', ...end })
    addChat('second', daysAgo(1), { parent_session_id: 'first' })
    hermes.countMessages('second')
    await using app = await browser.open({ segue: { settings: { hermesHome: folder } } })
    const { page } = app
    await page.getByRole('button', { name: 'Parts of “Long one”' }).click()
    const parts = row(page, 'Long one').getByRole('listitem')
    await expect.poll(() => parts.count()).toBe(2)
    const [first, second] = await parts.allTextContents()
    expect(first).toMatch(/^Telegram.*2 messages$/)
    expect(second).toMatch(/^Terminal.*2 messages$/)
    await parts.first().getByRole('link').click()
    await page.waitForURL(/\/chat\/second#./)
    await page.getByText('Question in first').waitFor()
  })
})
