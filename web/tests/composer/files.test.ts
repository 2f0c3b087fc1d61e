import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, openWithProvider } from '../support/open-chat.ts'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image = { name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') }
const note = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('A note.') }

describeApp('Files of a message', (browser) => {
  test('are chosen, shown with a preview, removed, and sent', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const files = page.getByRole('list', { name: 'Files' }).getByRole('listitem')
    await page.locator('input[type=file]').setInputFiles([image, note])
    await files.nth(1).waitFor()
    const preview = files.filter({ hasText: 'dot.png' }).locator('img')
    await expect.poll(() => preview.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(1)
    await page.getByRole('button', { name: 'Remove dot.png' }).click()
    await files.filter({ hasText: 'dot.png' }).waitFor({ state: 'detached' })
    const { composer, send, answers } = findChat(page)
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).waitFor()
    await send('Read this')
    await answers.getByText('Hello from the strict provider.').waitFor()
    expect(JSON.stringify(provider.requests[0]?.body.messages)).toContain('A note.')
  })

  test('leave the text on the page, however many they are', async () => {
    await using app = await browser.open({ context: { viewport: { width: 390, height: 700 } } })
    const { page } = app
    const many = Array.from({ length: 10 }, (_, index) => ({ ...note, name: `a note with a long name, ${index}.txt` }))
    await page.locator('input[type=file]').setInputFiles(many)
    await page.getByRole('list', { name: 'Files' }).getByRole('listitem').nth(9).waitFor()
    const box = await findChat(page).composer.boundingBox()
    expect(box && box.y + box.height).toBeLessThan(700)
  })

  test('are pasted and dropped', async () => {
    await using app = await browser.open()
    const { page } = app
    const files = page.getByRole('list', { name: 'Files' }).getByRole('listitem')
    const transfer = await page.evaluateHandle((base64) => {
      const data = new DataTransfer()
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      data.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }))
      return data
    }, png)
    await findChat(page).composer.evaluate(
      (element, clipboardData) =>
        element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })),
      transfer,
    )
    await files.getByText('pasted.png').waitFor()
    await page.locator('main').dispatchEvent('dragenter', { dataTransfer: transfer })
    await page.getByText('Drop the files to add them').waitFor()
    await page.locator('main').dispatchEvent('drop', { dataTransfer: transfer })
    await files.nth(1).waitFor()
    expect(await page.getByText('Drop the files to add them').count()).toBe(0)
  })

  test('that are no images are pasted, dropped, shown and saved, also after a reload', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    const { composer, send, questions } = findChat(page)
    const files = page.getByRole('list', { name: 'Files' }).getByRole('listitem')
    const newTransfer = (name: string, type: string, text: string) =>
      page.evaluateHandle(
        (file) => {
          const data = new DataTransfer()
          data.items.add(new File([file.text], file.name, { type: file.type }))
          return data
        },
        { name, type, text },
      )
    const pasted = await newTransfer('table.csv', 'text/csv', 'a,b\n1,2\n')
    await composer.evaluate(
      (element, clipboardData) =>
        element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })),
      pasted,
    )
    await files.getByText('table.csv').waitFor()
    const dropped = await newTransfer('plan.md', 'text/markdown', '# The plan')
    await page.locator('main').dispatchEvent('dragenter', { dataTransfer: dropped })
    await page.locator('main').dispatchEvent('drop', { dataTransfer: dropped })
    await files.getByText('plan.md').waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).waitFor()
    await send('Read these')
    for (const isAgain of [false, true]) {
      if (isAgain) await page.reload()
      for (const [name, content] of [
        ['table.csv', 'a,b\n1,2\n'],
        ['plan.md', '# The plan'],
      ] as const) {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          questions.getByRole('button', { name: new RegExp(name) }).click(),
        ])
        expect(download.suggestedFilename()).toBe(name)
        expect(readFileSync(await download.path(), 'utf8')).toBe(content)
      }
    }
  })

  test('are not uploaded any further once they are removed', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 50_000 }
    await network.send('Network.emulateNetworkConditions', conditions)
    const aborted = page.waitForEvent('requestfailed', (request) => request.url().includes('/files?'))
    const large = { ...image, buffer: Buffer.concat([image.buffer, Buffer.alloc(4_000_000)]) }
    await page.locator('input[type=file]').setInputFiles([large])
    await page.getByRole('progressbar', { name: 'Being uploaded' }).waitFor()
    await page.getByRole('button', { name: /^Remove/ }).click()
    expect((await aborted).failure()?.errorText).toBe('net::ERR_ABORTED')
  })

  test('say how much of them has been sent', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    const network = await page.context().newCDPSession(page)
    const setSpeed = (uploadThroughput: number) =>
      network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput,
      })
    await network.send('Network.enable')
    await setSpeed(500_000)
    const large = { ...image, buffer: Buffer.concat([image.buffer, Buffer.alloc(4_000_000)]) }
    await page.locator('input[type=file]').setInputFiles([large])
    const bar = page.getByRole('progressbar', { name: 'Being uploaded' })
    const readPercent = async () => Number((await bar.getAttribute('aria-valuenow')) ?? 0)
    await expect.poll(readPercent).toBeGreaterThan(0)
    const first = await readPercent()
    expect(first).toBeLessThan(100)
    await expect.poll(readPercent).toBeGreaterThan(first)
    await page.getByText(/^\d+ %$/).waitFor()
    await setSpeed(-1)
    await bar.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).waitFor()
  })

  test('that are too large, or that the server refuses, say why, and the others can be sent', async () => {
    await using app = await openWithProvider(browser, { expectedErrors: /400/ })
    const { page } = app
    const files = page.getByRole('list', { name: 'Files' }).getByRole('listitem')
    const large = { name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.alloc(11 * 1024 * 1024, 'a') }
    const strange = { name: 'strange.png', mimeType: 'image/png', buffer: Buffer.from('This is no image.') }
    await page.locator('input[type=file]').setInputFiles([large])
    await files.getByText('It has 11 MB. Choose a file of up to 10 MB.').waitFor()
    await page.getByRole('button', { name: 'Remove large.txt' }).click()
    await page.locator('input[type=file]').setInputFiles([strange, ...Array.from({ length: 19 }, () => note), image])
    await files.filter({ hasText: 'strange.png' }).getByRole('alert').waitFor()
    await files.filter({ hasText: 'dot.png' }).getByText('A message has at most 20 files.').waitFor()
    await page.getByText('Remove the files that failed').first().waitFor()
    for (const name of ['strange.png', 'dot.png']) await page.getByRole('button', { name: `Remove ${name}` }).click()
    await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).click()
    await findChat(page).answers.first().waitFor()
  })
})
