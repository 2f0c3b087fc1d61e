import { expect, test } from 'vitest'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { ChatClient } from '../../../tests/support/clients/chat-client.ts'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import { startTestSegue } from '../../../tests/support/server/segue.ts'
import { startTcpProxy } from '../../../tests/support/server/tcp-proxy.ts'
import { createSegueClient } from '../../src/index.ts'
import { describeInChromium } from './describe-in-chromium.ts'
import { expectDocumentedChat } from './documented-chat.ts'

describeInChromium('useChat', (browser) => {
  const startServer = () => startSegueWithProvider({ settings: { allowedOrigins: [browser.getOrigin()] } })

  test('the page of the documentation streams, goes on after a reload, and stops', () =>
    expectDocumentedChat(browser, 'react-chat.tsx'))

  test('the page of the documentation shows what the server refuses, and stays', async () => {
    await using server = await startServer()
    await using opened = await browser.open({ url: server.segue.url, entry: 'react-chat.tsx', hash: 'ses_unknown' })
    const { page, errors } = opened
    await page.locator('output', { hasText: 'does not exist' }).waitFor()
    await page.getByRole('textbox').fill('Hello?')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('output', { hasText: 'There is no session' }).waitFor()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(errors).toEqual([])
  })

  test('a delta renders the part that it belongs to, and nothing else', async () => {
    await using server = await startServer()
    const client = createSegueClient({ url: server.segue.url })
    const words = Array.from({ length: 100 }, (_, index) => `w${index} `)
    const gates = words.map(() => Promise.withResolvers<void>())
    server.provider.enqueue('The first answer.')
    server.provider.enqueue(
      (function* (): Generator<ProviderStep> {
        yield { text: 'Begin ' }
        for (const [index, text] of words.entries()) {
          yield { wait: gates[index]?.promise ?? Promise.resolve() }
          yield { text }
        }
        yield { finish: 'stop' }
      })(),
    )
    const first = await server.client.start({ text: 'Hello' })
    await server.newReader(first.id).readToEnd()
    const { id: streamId } = await server.client.start({ text: 'Go on.', sessionId: first.session.id })
    await using opened = await browser.open({
      url: server.segue.url,
      entry: 'render-counts.tsx',
      hash: first.session.id,
    })
    const { page, errors } = opened
    await page.getByText('Begin').waitFor()
    const readCounts = (): Promise<Record<string, number>> => page.evaluate('({ ...renders })')
    const before = await readCounts()

    let deltas = 0
    for await (const event of client.follow(streamId)) {
      if (event.type !== 'TextDelta') continue
      gates[deltas]?.resolve()
      deltas += 1
    }
    await page.getByText('w99').waitFor()

    const after = await readCounts()
    const rendered = Object.keys(after).filter((name) => after[name] !== before[name])
    expect(deltas).toBe(101)
    expect(rendered.toSorted()).toEqual(['commits', expect.stringMatching(/^part msg_\S+ 0$/)])
    const commits = (after['commits'] ?? 0) - (before['commits'] ?? 0)
    expect(commits).toBeGreaterThan(0)
    // One for each delta, and one for the end of the part.
    expect(commits).toBeLessThanOrEqual(101)
    expect(errors).toEqual([])
    client.close()
  })

  test('the connection is shown as lost, and as connected again', async () => {
    await using segue = await startTestSegue({ settings: { allowedOrigins: [browser.getOrigin()] } })
    await using proxy = await startTcpProxy(segue.url)
    await using opened = await browser.open({ url: proxy.url, entry: 'react-lists.tsx' })
    const { page } = opened
    const note = page.locator('output')

    await note.getByText('Connected').waitFor()
    await expect.poll(() => proxy.connectionCount).toBeGreaterThan(1)
    proxy.refuseConnections()
    await note.getByText('Connection lost').waitFor()
    proxy.acceptConnections()
    await note.getByText('Connected').waitFor()
  })

  test('the list of conversations, and what waits for a person, are live', async () => {
    await using segue = await startTestSegue({
      settings: { allowedOrigins: [browser.getOrigin()] },
      createToolSource: () => newToolSource(newTool()),
    })
    await using client = new ChatClient(segue.url)
    await using opened = await browser.open({ url: segue.url, entry: 'react-lists.tsx' })
    const { page, errors } = opened

    await client.start({ text: 'First' })
    await page.locator('nav').getByText('First').waitFor()
    await client.start({ text: '/tool files__write {}' })
    await client.start({ text: '/ask Which one?' })
    await page.getByText('Which one?').last().waitFor()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('button', { name: 'Allow' }).waitFor({ state: 'detached' })

    expect(await page.locator('nav p').count()).toBe(3)
    expect(await page.locator('section p').count()).toBe(1)
    expect(errors).toEqual([])
  })

  test('messages that wait are edited, moved, sent now and taken back, those that join an answer as well', async () => {
    await using server = await startServer()
    server.provider.defaultAnswer = () => [{ text: 'On and on' }, { wait: new Promise(() => {}) }]
    const { session } = await server.client.start({ text: 'One' })
    for (const text of ['Two', 'Three']) await server.client.start({ sessionId: session.id, text, ifBusy: 'QUEUE' })
    await using opened = await browser.open({ url: server.segue.url, entry: 'react-waiting.tsx', hash: session.id })
    const { page, errors } = opened
    page.on('dialog', (dialog) => void dialog.accept('Five'))
    const waiting = (text: string) => page.locator('li', { hasText: text })
    const texts = async (): Promise<string[]> =>
      (await page.locator('li').allInnerTexts()).map((text) => text.replace(/(Take back|Edit).*/s, '').trim())

    await waiting('Three').getByRole('button', { name: 'Up' }).click()
    await expect.poll(texts).toEqual(['Three', 'Two'])
    await waiting('Two').getByRole('button', { name: 'Edit' }).click()
    await expect.poll(texts).toEqual(['Three', 'Five'])
    await page.getByRole('textbox').fill('In short')
    await page.getByRole('button', { name: 'Steer' }).click()
    await expect.poll(texts).toEqual(['In short', 'Three', 'Five'])
    await waiting('In short').getByRole('button', { name: 'Take back' }).click()
    await expect.poll(texts).toEqual(['Three', 'Five'])
    await waiting('Five').getByRole('button', { name: 'Send now' }).click()
    await expect.poll(texts).toEqual(['Three'])
    await waiting('Three').getByRole('button', { name: 'Take back' }).click()
    await expect.poll(texts).toEqual([])
    await page.getByRole('button', { name: 'Stop' }).click()
    await expect.poll(async () => (await server.client.messages(session.id)).at(-1)?.status).not.toBe('STREAMING')
    expect(errors).toEqual([])
  })
})
