import { expect, test } from 'vitest'
import type { ConversationSettingsPatch } from '../../../../src/storage/sessions/conversation-settings.ts'
import { type NewSearchFixture, readAllPages, type SearchFixture } from '../../../support/search/search-fixture.ts'

const give = ({ store }: SearchFixture, sessionIds: readonly string[], patch: ConversationSettingsPatch) =>
  store.updateConversationSettings({ sessionIds, patch })

/** A conversation of two sessions, of which the second one is the tip. */
async function addConversation(fixture: SearchFixture, title: string): Promise<readonly [string, string]> {
  const root = await fixture.addSession(title, { endReason: 'compression' })
  await fixture.addMessage(root, 'first')
  const tip = await fixture.addSession(`${title} #2`, { parentId: root })
  await fixture.addMessage(tip, 'second')
  return [root, tip]
}

/** What a search finds by the titles that persons gave to conversations. */
export function describeGivenTitles(newFixture: NewSearchFixture): void {
  test('a title given to a conversation finds its tip, with the title as the snippet', async () => {
    const fixture = await newFixture()
    const [root, tip] = await addConversation(fixture, 'Plants')
    await give(fixture, [root, tip], { title: 'A garden in November' })
    const { hits } = await fixture.find('garden november')
    expect(hits.map(({ sessionId, messageId, snippet }) => [sessionId, messageId, snippet])).toEqual([
      [tip, null, 'A garden in November'],
    ])
    expect(await fixture.findIds('plants')).toEqual([tip, root])
  })

  test('a title that was replaced or removed finds nothing any more', async () => {
    const fixture = await newFixture()
    const [root, tip] = await addConversation(fixture, 'Plants')
    await give(fixture, [root, tip], { title: 'Garden' })
    await give(fixture, [root, tip], { title: 'Orchard' })
    expect(await fixture.findIds('garden')).toEqual([])
    expect(await fixture.findIds('orchard')).toEqual([tip])
    await give(fixture, [root, tip], { title: null })
    expect(await fixture.findIds('orchard')).toEqual([])
  })

  test('a session has one hit if its own title matches too: for the given one', async () => {
    const fixture = await newFixture()
    const session = await fixture.addSession('Garden of herbs')
    await give(fixture, [session], { title: 'Garden of trees' })
    expect((await fixture.find('garden')).hits.map(({ snippet }) => snippet)).toEqual(['Garden of trees'])
    expect((await fixture.find('herbs')).hits.map(({ snippet }) => snippet)).toEqual(['Garden of herbs'])
    expect(await fixture.findIds('herbs trees')).toEqual([])
    await give(fixture, [session], { title: 'garden of HERBS' })
    expect(await fixture.findIds('garden')).toEqual([session])
  })

  test('when the conversation continues, the title finds the new tip', async () => {
    const fixture = await newFixture()
    const root = await fixture.addSession('Plants', { endReason: 'compression' })
    await fixture.addMessage(root, 'first')
    await give(fixture, [root], { title: 'Garden' })
    expect(await fixture.findIds('garden')).toEqual([root])
    const tip = await fixture.addSession('Plants #2', { parentId: root })
    await fixture.addMessage(tip, 'second')
    expect(await fixture.findIds('garden')).toEqual([tip])
    await fixture.store.deleteSessions([tip])
    expect(await fixture.findIds('garden')).toEqual([root])
  })

  test('the filters hold for the tip', async () => {
    const fixture = await newFixture()
    const [root, tip] = await addConversation(fixture, 'Plants')
    await give(fixture, [root, tip], { title: 'Garden', pinned: true })
    expect(await fixture.findIds('garden', { filter: { pinned: true } })).toEqual([tip])
    expect(await fixture.findIds('garden', { filter: { pinned: false } })).toEqual([])
    expect(await fixture.findIds('garden', { filter: { archived: true } })).toEqual([])
    expect(await fixture.findIds('garden', { filter: { ids: [tip] } })).toEqual([tip])
    expect(await fixture.findIds('garden', { filter: { ids: [root] } })).toEqual([])
    expect(await fixture.findIds('garden', { filter: { channels: ['SEGUE'] } })).toEqual([tip])
  })

  test('pages contain each conversation once, however many sessions it has', async () => {
    const fixture = await newFixture()
    const tips: string[] = []
    for (let i = 0; i < 9; i += 1) {
      const [root, tip] = await addConversation(fixture, i % 3 ? 'Plants' : 'My garden')
      await give(fixture, [root, tip], { title: `Garden ${i}` })
      tips.unshift(tip)
    }
    await fixture.waitForIndexing()
    const expected = (await fixture.find('garden')).hits
    expect(expected.filter(({ snippet }) => /^Garden \d$/.test(snippet)).map(({ sessionId }) => sessionId)).toEqual(
      tips,
    )
    for (const backwards of [false, true]) {
      expect(await readAllPages((request) => fixture.find('garden', request), 2, backwards)).toEqual(expected)
    }
  })

  test('titles of more sessions than one commit indexes are found a moment later', async () => {
    const fixture = await newFixture()
    const ids: string[] = []
    for (let i = 0; i < 60; i += 1) ids.push(await fixture.addSession(`Plants ${i}`))
    await give(fixture, ids, { title: 'Garden' })
    await fixture.waitForIndexing()
    expect((await fixture.findIds('garden')).toSorted()).toEqual(ids.toSorted())
  })
}
