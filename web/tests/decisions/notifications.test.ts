import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { post, start } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { findCard, openWaitingApp } from '../support/waiting-app.ts'
import { openScriptedApp, send } from '../support/scripted-app.ts'

/** Records notifications in place of showing them, and lets a test hide the page. */
function recordNotifications(): void {
  const shown: object[] = []
  let isAllowed = localStorage.getItem('allowed') === 'yes'
  let isHidden = false
  class RecordedNotification extends EventTarget {
    static get permission() {
      return isAllowed ? 'granted' : 'default'
    }
    static async requestPermission() {
      isAllowed = true
      localStorage.setItem('allowed', 'yes')
      return 'granted'
    }
    title: string
    body: string
    tag: string
    isClosed = false
    constructor(title: string, { body = '', tag = '' }: NotificationOptions) {
      super()
      this.title = title
      this.body = body
      this.tag = tag
      shown.push(this)
    }
    close() {
      this.isClosed = true
    }
  }
  Object.defineProperty(document, 'hidden', { get: () => isHidden })
  Object.assign(window, {
    Notification: RecordedNotification,
    shownNotifications: shown,
    setHidden: (value: boolean) => {
      isHidden = value
      document.dispatchEvent(new Event('visibilitychange'))
    },
  })
}

const listShown = (page: Page): Promise<unknown> =>
  page.evaluate(() =>
    Reflect.get(window, 'shownNotifications').map(({ title, body, isClosed }: Record<string, unknown>) => ({
      title,
      body,
      isClosed,
    })),
  )

const setHidden = (page: Page, isHidden: boolean): Promise<void> =>
  page.evaluate((value) => Reflect.get(window, 'setHidden')(value), isHidden)

/** Waits until so many windows can be seen, one shows notifications, and the others wait to be the one. */
async function waitForLocks(page: Page, visibleCount: number, waitingCount = 0): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const { held = [], pending = [] } = await navigator.locks.query()
        const count = (locks: readonly LockInfo[], name: string): number =>
          locks.filter((lock) => lock.name === name).length
        return [count(held, 'segue.notifier'), count(pending, 'segue.notifier'), count(held, 'segue.visible')]
      }),
    )
    .toEqual([1, waitingCount, visibleCount])
}

const ask = { text: '/ask Which one? | red' }

describeApp('Notifications', (browser) => {
  test('are asked for by a click alone, and shown for what asks while the page is hidden; a click opens the chat', async () => {
    await using app = await openWaitingApp(browser)
    const { page, segue } = app
    await page.context().addInitScript(recordNotifications)
    await page.reload()
    await page.getByRole('button', { name: 'Notify me' }).click()
    await page.getByRole('button', { name: 'Notifications are on' }).waitFor()
    await waitForLocks(page, 1)
    await start(segue.url, ask)
    const card = findCard(page, 'A question for you')
    await card.getByRole('button', { name: 'red' }).click()
    await card.waitFor({ state: 'detached' })
    expect(await listShown(page)).toEqual([])
    await setHidden(page, true)
    await waitForLocks(page, 0)
    const { sessionId } = await start(segue.url, ask)
    const shown = { title: ask.text, body: 'Which one?', isClosed: false }
    await expect.poll(() => listShown(page)).toEqual([shown])
    await page.evaluate(() => Reflect.get(window, 'shownNotifications')[0].dispatchEvent(new Event('click')))
    await page.waitForURL(`**/chat/${sessionId}`)
  })

  test('are shown by the service worker where the page must not show them, and open the chat', async () => {
    await using app = await openWaitingApp(browser)
    const { page, segue } = app
    await page.context().grantPermissions(['notifications'])
    await page.context().addInitScript(recordNotifications)
    // As in Chrome on Android.
    await page.context().addInitScript(() => {
      class ForbiddenNotification extends EventTarget {
        static readonly permission = 'granted'
        static readonly requestPermission = async () => 'granted'
        constructor() {
          super()
          throw new TypeError('Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.')
        }
      }
      Object.assign(window, { Notification: ForbiddenNotification })
    })
    await page.reload()
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}))
    await page.getByRole('button', { name: 'Notify me' }).click()
    await waitForLocks(page, 1)
    await setHidden(page, true)
    await waitForLocks(page, 0)
    const { sessionId } = await start(segue.url, ask)
    const listOfWorker = () =>
      page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready
        return (await registration.getNotifications()).map(({ title, body }) => ({ title, body }))
      })
    await expect.poll(listOfWorker).toEqual([{ title: ask.text, body: 'Which one?' }])
    const [worker] = page.context().serviceWorkers()
    await worker?.evaluate(async () => {
      const [notification] = await Reflect.get(globalThis, 'registration').getNotifications()
      const NotificationEvent = Reflect.get(globalThis, 'NotificationEvent')
      globalThis.dispatchEvent(new NotificationEvent('notificationclick', { notification }))
    })
    await page.waitForURL(`**/chat/${sessionId}`)
    await expect.poll(listOfWorker).toEqual([])
  })

  test('are shown once for two windows, by the other one when the first is closed, and not while one can be seen', async () => {
    await using app = await openWaitingApp(browser)
    const { page, segue } = app
    await page.context().addInitScript(recordNotifications)
    await page.reload()
    await page.getByRole('button', { name: 'Notify me' }).click()
    await waitForLocks(page, 1)
    const other = await app.openPage('/inbox')
    await other.getByRole('button', { name: 'Notifications are on' }).waitFor()
    await waitForLocks(other, 2, 1)
    await setHidden(page, true)
    await waitForLocks(other, 1, 1)
    await start(segue.url, { text: '/ask Seen?' })
    await other.getByText('Seen?', { exact: true }).waitFor()
    await setHidden(other, true)
    await waitForLocks(other, 0, 1)
    await start(segue.url, ask)
    await expect.poll(() => listShown(page)).toMatchObject([{ body: 'Which one?' }])
    await other.getByText('Which one?', { exact: true }).waitFor()
    expect(await listShown(other)).toEqual([])
    // It is closed once it was answered.
    const { data } = await post(segue.url, '{ clarifications { id question } }')
    const found: { id: string; question: string }[] = Object(data)['clarifications']
    const { id } = found.find(({ question }) => question === 'Which one?') ?? { id: '' }
    await post(segue.url, 'mutation ($id: ID!) { answerClarification(id: $id, answer: "red") { id } }', { id })
    await expect.poll(() => listShown(page)).toMatchObject([{ isClosed: true }])
    await page.close()
    await waitForLocks(other, 0)
    await start(segue.url, { text: '/ask Still there?' })
    await expect.poll(() => listShown(other)).toMatchObject([{ body: 'Still there?' }])
  })

  test('and announcements tell of an answer that has ended, once, and not of each token', async () => {
    await using app = await openScriptedApp(browser, { scripts: ['The tide is low.', 'It is high.'] })
    const { page } = app
    await page.context().addInitScript(recordNotifications)
    await page.goto(`${app.segue.url}/inbox`)
    await page.getByRole('button', { name: 'Notify me' }).click()
    await waitForLocks(page, 1)
    await page.goto(app.segue.url)
    // What follows the chats has been loaded, and has read them.
    await page.waitForLoadState('networkidle')
    await send(page, 'How is the tide?')
    const announced = page.getByRole('log', { name: 'What has happened' }).getByRole('paragraph')
    await announced.getByText('How is the tide?: The tide is low.').waitFor()
    expect(await announced.count()).toBe(1)
    await setHidden(page, true)
    await waitForLocks(page, 0)
    await send(page, 'And now?')
    await expect.poll(() => listShown(page)).toMatchObject([{ title: 'How is the tide?', body: 'It is high.' }])
    expect(await announced.count()).toBe(1)
  })
})
