import { expect, test } from 'vitest'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { startTestSegue } from '../../../tests/support/server/segue.ts'
import { createSegueClient, type SegueClient } from '../../src/index.ts'
import { describeInChromium } from './describe-in-chromium.ts'
import { expectDocumentedChat } from './documented-chat.ts'

describeInChromium('useSegueChat', (browser) => {
  const allowPages = () => ({ settings: { allowedOrigins: [browser.getOrigin()] } })
  const startWithTool = () => startTestSegue({ ...allowPages(), createToolSource: () => newToolSource(newTool()) })

  test('the page of the documentation streams, goes on after a reload, and stops', () =>
    expectDocumentedChat(browser, 'ai-sdk-chat.tsx'))

  test('stop right after a message was sent stops its answer', async () => {
    await using server = await startSegueWithProvider(allowPages())
    server.provider.defaultAnswer = () => [{ text: 'On and on' }, { wait: new Promise(() => {}) }]
    await using opened = await browser.open({ url: server.segue.url, entry: 'ai-sdk-chat.tsx' })
    const { page, errors } = opened

    await page.getByRole('textbox').fill('Talk.')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    const id = new URL(page.url()).hash.slice(1)
    const { session } = await createSegueClient({ url: server.segue.url }).request<{
      readonly session: { readonly conversation: { readonly tip: { readonly activeStream: unknown } } }
    }>('query ($key: String!) { session: sessionByKey(key: $key) { conversation { tip { activeStream { id } } } } }', {
      key: id,
    })

    expect(session.conversation.tip.activeStream).toBeNull()
    expect(errors).toEqual([])
  })

  test('the page of the documentation shows that the server refuses to stop, and stays', async () => {
    await using server = await startSegueWithProvider(allowPages())
    server.provider.enqueue([{ text: 'On and on' }, { wait: new Promise(() => {}) }])
    await using opened = await browser.open({ url: server.segue.url, entry: 'ai-sdk-chat.tsx' })
    const { page, errors } = opened
    const json = { errors: [{ message: 'Not yours to stop.', extensions: { code: 'FORBIDDEN' } }] }
    const refusal = { headers: { 'access-control-allow-origin': '*' }, json }
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('cancelStream') ? route.fulfill(refusal) : route.continue(),
    )

    await page.getByRole('textbox').fill('Talk.')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('On and on').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('output', { hasText: 'Not yours to stop.' }).waitFor()

    expect(await page.locator('p').allInnerTexts()).toEqual(['Talk.', 'On and on'])
    expect(await page.getByRole('button', { name: 'Send' }).count()).toBe(1)
    expect(errors).toEqual([])
  })

  test('an answer goes on when its component is left, in strict mode as well', async () => {
    await using server = await startSegueWithProvider(allowPages())
    const left = Promise.withResolvers<void>()
    server.provider.enqueue([{ text: 'Begin ' }, { wait: left.promise }, { text: 'end' }, { finish: 'stop' }])
    await using opened = await browser.open({ url: server.segue.url, entry: 'ai-sdk-tools.tsx', hash: 'left' })
    const { page, errors } = opened
    await page.locator('main[data-status=ready]').waitFor()

    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByText('Begin').waitFor()
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByText('Begin').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByText('Begin').waitFor()
    left.resolve()
    await page.getByText('Begin end').waitFor()

    expect(await page.locator('p').allInnerTexts()).toEqual(['/tool files__write {}', 'Begin end'])
    expect(errors).toEqual([])
  })

  test('an approval is given with its reason, also after a reload', async () => {
    await using segue = await startWithTool()
    await using opened = await browser.open({ url: segue.url, entry: 'ai-sdk-tools.tsx', hash: 'approval' })
    const { page, errors } = opened
    await page.locator('main[data-status=ready]').waitFor()

    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Because.').waitFor()
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByRole('region', { name: 'approval-requested' }).waitFor()
    await page.reload()
    await page.getByRole('region', { name: 'approval-requested' }).getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('region', { name: 'output-denied' }).waitFor()

    expect(await page.locator('p').count()).toBe(4)
    expect(errors).toEqual([])
  })

  test('an approval that is answered elsewhere goes on by itself', async () => {
    await using segue = await startWithTool()
    const client = createSegueClient({ url: segue.url })
    await using opened = await browser.open({ url: segue.url, entry: 'ai-sdk-tools.tsx', hash: 'elsewhere' })
    const { page, errors } = opened
    await page.locator('main[data-status=ready]').waitFor()
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByRole('region', { name: 'approval-requested' }).waitFor()
    await page.locator('main[data-status=ready]').waitFor()

    for await (const { approvals } of client.decisions()) {
      const [approval] = approvals
      if (!approval) continue
      await client.answerApproval(approval.id, { decision: 'ONCE', reason: 'From elsewhere.' })
      break
    }
    await page.getByText('From elsewhere.').waitFor()

    expect(await page.locator('p').count()).toBe(2)
    expect(errors).toEqual([])
    client.close()
  })

  test('a question is answered, and a turn tried again', async () => {
    await using segue = await startWithTool()
    await using opened = await browser.open({ url: segue.url, entry: 'ai-sdk-tools.tsx', hash: 'question' })
    const { page, errors } = opened
    await page.locator('main[data-status=ready]').waitFor()

    await page.getByRole('button', { name: 'Ask' }).click()
    await page.getByRole('button', { name: 'Which one? PENDING' }).click()
    await page.getByRole('button', { name: 'Which one? ANSWERED' }).waitFor()
    await page.locator('main[data-status=ready]').waitFor()
    await page.getByRole('button', { name: 'Again' }).click()
    await page.getByRole('button', { name: 'Which one? PENDING' }).click()
    await page.getByText('This one.').waitFor()

    expect(errors).toEqual([])
  })

  test('a message is steered into the answer; if that fails, it has an answer of its own, which is shown', async () => {
    await using server = await startSegueWithProvider(allowPages())
    const client = createSegueClient({ url: server.segue.url })
    const [half, more] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    server.provider.enqueue([{ text: 'Half' }, { wait: half.promise }, { finish: 'stop' }])
    server.provider.enqueue([{ text: 'And more' }, { wait: more.promise }, { cut: true }])
    server.provider.defaultAnswer = () => 'At last.'
    await using opened = await browser.open({ url: server.segue.url, entry: 'ai-sdk-steering.tsx' })
    const { page, errors } = opened
    const steer = async (text: string, count: number): Promise<void> => {
      await page.getByRole('textbox').fill(text)
      await page.getByRole('textbox').press('Enter')
      await expect.poll(() => countSteered(client, new URL(page.url()).hash.slice(1))).toBe(count)
    }

    await page.getByRole('textbox').fill('Begin.')
    await page.getByRole('textbox').press('Enter')
    await page.getByText('Half').waitFor()
    await steer('In short.', 1)
    half.resolve()
    await page.locator('b', { hasText: 'In short.' }).waitFor()
    await page.getByText('And more').waitFor()
    await steer('Wait!', 2)
    more.resolve()
    await page.locator('p', { hasText: 'Wait!' }).waitFor()
    await page.getByText('At last.').waitFor()
    expect(errors).toEqual([])
    client.close()
  })
})

async function countSteered(client: SegueClient, key: string): Promise<number> {
  const { session } = await client.request<{
    readonly session: { readonly activeStream: { readonly steered: readonly unknown[] } | null }
  }>('query ($key: String!) { session: sessionByKey(key: $key) { activeStream { steered { id } } } }', { key })
  return session.activeStream?.steered.length ?? 0
}
