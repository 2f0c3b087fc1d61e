import { expect, test } from 'vitest'
import type { ModelObservation } from '../../../../src/model/model-observation.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'

const window: ModelObservation = {
  model: 'local/m',
  baseURL: 'http://127.0.0.1:8080/v1',
  property: 'contextWindow',
  value: 4096,
  observedAt: 1,
}
const tools: ModelObservation = { ...window, property: 'supportsTools', value: 0, observedAt: 2 }

export function describeModelObservationStore(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  test('an empty storage knows nothing', async () => {
    expect(await current().modelObservations.list()).toEqual([])
  })

  test('observations are listed newest first, also after a restart', async () => {
    await current().modelObservations.save(window)
    await current().modelObservations.save(tools)
    expect(await current().modelObservations.list()).toEqual([tools, window])
    const reopened = await opened().reopen()
    expect(await reopened.modelObservations.list()).toEqual([tools, window])
  })

  test('a later observation of a property replaces the earlier one, but not that of another server', async () => {
    const other = { ...window, baseURL: '', value: 8192, observedAt: 3 }
    const later = { ...window, value: 2048, observedAt: 4 }
    for (const observation of [window, other, later]) await current().modelObservations.save(observation)
    expect(await current().modelObservations.list()).toEqual([later, other])
  })
}
