import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import type { DemoServer } from './demo-server.ts'

const frameMs = 250
const size = { width: 860, height: 600 }

/** An answer that goes on after the page is loaded again, is stopped, and is there after the server was killed and started again. */
export async function captureStopAndResume(browser: Browser, server: DemoServer, folder: string): Promise<void> {
  const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const frames: Buffer[] = []
  const record = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      frames.push(await page.screenshot({ animations: 'disabled' }))
      await page.waitForTimeout(frameMs / 2)
    }
  }
  const { id } = await server.client.createSession({ title: 'Garden', model: 'demo/slow' })
  await page.goto(`${server.url}/chat/${encodeURIComponent(id)}`)
  const composer = page.getByRole('textbox', { name: 'Message', exact: true })
  await composer.fill('Plan my garden from March to August, please.')
  await record(2)
  await composer.press('Enter')
  await seeAnswer(page, 'March')
  await record(6)
  await page.reload()
  await seeAnswer(page, 'March')
  await record(6)
  await page.getByRole('button', { name: /^Stop/ }).first().click()
  await page.waitForTimeout(frameMs)
  await record(4)
  await server.kill()
  await page.getByText('The server cannot be reached').waitFor()
  await record(4)
  await server.startAgain()
  await page.getByText('The server cannot be reached').waitFor({ state: 'detached' })
  await record(6)
  await context.close()
  const options = { join: { animated: true } }
  await sharp(frames, options)
    .webp({ quality: 60, effort: 6, delay: frames.map(() => frameMs), loop: 0 })
    .toFile(join(folder, 'stop-and-resume.webp'))
}

async function seeAnswer(page: Page, text: string): Promise<void> {
  await page.locator('article[data-role=ASSISTANT]').getByText(text).first().waitFor()
}
