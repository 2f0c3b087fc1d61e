import { SegueError, type UploadedFile } from 'segue-client'
import { expect, test } from 'vitest'
import { Draft, type DraftOptions } from '../../src/chat/composer/draft/draft.ts'
import type { DraftStorage, StoredDraft } from '../../src/chat/composer/draft/draft-storage.ts'
import type { UnstoredText } from '../../src/chat/composer/draft/unstored-text.ts'
import { waitUntil } from '../../../tests/support/wait-until.ts'

const limits = { files: 3, fileBytes: 100, textLength: 100 }
const note = (content = 'A note.'): File => new File([content], 'note.txt', { type: 'text/plain' })

function newStorage(stored: Readonly<Record<string, StoredDraft>> = {}) {
  const drafts = new Map(Object.entries(stored))
  const unstored = new Map<string, UnstoredText>()
  const followers = new Map<string, () => void>()
  const storage: DraftStorage = {
    readUnstored: (key) => unstored.get(key) ?? null,
    keepUnstored: (key, text) => void (text ? unstored.set(key, text) : unstored.delete(key)),
    follow: (key, onChange) => void followers.set(key, onChange),
    read: async (key) => drafts.get(key) ?? null,
    write: async (key, draft) => {
      if (draft) drafts.set(key, draft)
      else drafts.delete(key)
      return true
    },
  }
  /** Writes a draft as another window does. */
  const writeElsewhere = (key: string, text: string): void => {
    drafts.set(key, { text, files: [], settings: {}, outgoing: [] })
    followers.get(key)?.()
  }
  return { drafts, unstored, storage, writeElsewhere }
}

async function newDraft({
  key = 'new',
  stored = {},
  upload = async (): Promise<UploadedFile> => ({ url: '/files/1', mediaType: 'text/plain' }),
}: {
  key?: string
  stored?: Readonly<Record<string, StoredDraft>>
  upload?: DraftOptions['upload']
} = {}) {
  const { drafts, storage } = newStorage(stored)
  const draft = new Draft({ key, storage, upload })
  await waitUntil(() => draft.getSnapshot().isLoaded)
  draft.setProfile('default')
  return { draft, drafts, storage }
}

test('what is written is stored, and what was written before it was read comes behind it', async () => {
  const { drafts, storage } = newStorage({ new: { text: 'Before', files: [], settings: {}, outgoing: [] } })
  const draft = new Draft({ key: 'new', storage, upload: () => Promise.reject(new Error()) })
  draft.setText('Meanwhile')
  await waitUntil(() => draft.getSnapshot().isLoaded)
  expect(draft.getSnapshot().text).toBe('Before\n\nMeanwhile')
  await waitUntil(() => drafts.get('new')?.text === 'Before\n\nMeanwhile')
})

test('a draft that was only read overwrites nothing, and shows what another window writes meanwhile', async () => {
  const { drafts, storage, writeElsewhere } = newStorage()
  const { promise: isRead, resolve: finishRead } = Promise.withResolvers<null>()
  // The first read began before the other window wrote.
  const reads = [() => isRead, storage.read]
  const slow: DraftStorage = { ...storage, read: (key) => (reads.shift() ?? storage.read)(key) }
  const draft = new Draft({ key: 'new', storage: slow, upload: () => Promise.reject(new Error()) })
  writeElsewhere('new', 'In another window')
  finishRead(null)
  await waitUntil(() => draft.getSnapshot().text === 'In another window')
  expect(drafts.get('new')?.text).toBe('In another window')
})

const never = new Promise<never>(() => {})
const openDraft = (storage: DraftStorage): Draft =>
  new Draft({ key: 'new', storage, upload: () => Promise.reject(new Error()) })

test('words are kept at once: also of a page that is left before its draft is read', async () => {
  const { drafts, unstored, storage } = newStorage({ new: { text: 'Before', files: [], settings: {}, outgoing: [] } })
  for (const text of ['Mean', 'Meanwhile']) {
    const leftEarly = openDraft({ ...storage, read: () => never })
    leftEarly.setText(text)
  }
  const draft = openDraft(storage)
  await waitUntil(() => draft.getSnapshot().isLoaded)
  expect(draft.getSnapshot().text).toBe('Before\n\nMean\n\nMeanwhile')
  draft.setText('All of it')
  await waitUntil(() => drafts.get('new')?.text === 'All of it' && unstored.size === 0)
})

test('words are kept at once: also of a page that is left before they are stored', async () => {
  const { drafts, unstored, storage } = newStorage({ new: { text: 'Before', files: [], settings: {}, outgoing: [] } })
  const leftEarly = openDraft({ ...storage, write: () => never })
  await waitUntil(() => leftEarly.getSnapshot().isLoaded)
  leftEarly.setText('Before all')
  leftEarly.setText('Before all else')
  expect(drafts.get('new')?.text).toBe('Before')
  const draft = openDraft(storage)
  await waitUntil(() => draft.getSnapshot().isLoaded)
  expect(draft.getSnapshot().text).toBe('Before all else')
  // Nothing that was only read is stored, nor forgotten.
  expect(unstored.get('new')?.text).toBe('Before all else')
})

test('a message that is sent as the page is left comes back, until it is stored that it is on its way', async () => {
  const { drafts, storage } = newStorage()
  const leftEarly = openDraft({ ...storage, write: () => never })
  await waitUntil(() => leftEarly.getSnapshot().isLoaded)
  leftEarly.setText('Hello')
  leftEarly.take()
  const draft = openDraft(storage)
  await waitUntil(() => draft.getSnapshot().isLoaded)
  expect(draft.getSnapshot().text).toBe('Hello')
  draft.take()
  await waitUntil(() => drafts.get('new')?.outgoing.length === 1)
  draft.setText('Next')
  const next = openDraft(storage)
  await waitUntil(() => next.getSnapshot().isLoaded)
  expect(next.getSnapshot()).toMatchObject({ text: 'Next', outgoing: [{ text: 'Hello' }] })
})

test('an empty draft is not stored', async () => {
  const { draft, drafts } = await newDraft()
  draft.setText('Hello')
  await waitUntil(() => drafts.has('new'))
  draft.setText('')
  await waitUntil(() => !drafts.has('new'))
})

test('a message that is on its way is stored until it is accepted', async () => {
  const { draft, drafts } = await newDraft()
  draft.setText('Hello')
  const taken = draft.take()
  expect(draft.getSnapshot().text).toBe('')
  await waitUntil(() => drafts.get('new')?.outgoing[0]?.text === 'Hello')
  if (taken) draft.settle(taken)
  await waitUntil(() => !drafts.has('new'))
})

test('a refused message comes back before what was written meanwhile', async () => {
  const { draft } = await newDraft()
  draft.setText('One')
  const taken = draft.take()
  draft.setText('Two')
  if (taken) draft.settle(taken, new SegueError('BAD_USER_INPUT', 'No.'))
  expect(draft.getSnapshot().text).toBe('One\n\nTwo')
})

test('a message whose acceptance is not known is the same call when it is sent again, unless it was changed', async () => {
  const { draft } = await newDraft()
  draft.setText('One')
  const first = draft.take()
  if (first) draft.settle(first, new SegueError('CONNECTION_LOST', 'Lost.'))
  const second = draft.take()
  expect(second?.key).toBe(first?.key)
  if (second) draft.settle(second, new SegueError('CONNECTION_LOST', 'Lost.'))
  draft.setText('One more')
  expect(draft.take()?.key).not.toBe(first?.key)
})

test('what was on its way when the page was closed comes back, unless it has arrived', async () => {
  const outgoing = [
    { key: 'arrived', text: 'One', files: [] },
    { key: 'lost', text: 'Two', files: [] },
  ]
  const { draft } = await newDraft({ stored: { new: { text: '', files: [], settings: {}, outgoing } } })
  draft.settleLost((key) => key === 'arrived')
  expect(draft.getSnapshot()).toMatchObject({ text: 'Two', outgoing: [] })
  expect(draft.take()?.key).toBe('lost')
})

test('a draft waits for its files, and is not sent while one has failed', async () => {
  const upload = Promise.withResolvers<UploadedFile>()
  const { draft } = await newDraft({ upload: () => upload.promise })
  draft.setText('Look')
  draft.addFiles([note()], limits)
  expect(draft.take()).toBeNull()
  upload.reject(new SegueError('CONNECTION_LOST', 'Lost.'))
  await waitUntil(() => draft.getSnapshot().files[0]?.status === 'failed')
  expect(draft.take()).toBeNull()
  const [file] = draft.getSnapshot().files
  expect(file).toMatchObject({ error: 'Lost.', blob: expect.any(File) })
  draft.removeFile(file?.id ?? '')
  expect(draft.take()?.text).toBe('Look')
})

test('a file that the server does not take is not kept', async () => {
  const upload = (): Promise<UploadedFile> => Promise.reject(new SegueError('BAD_USER_INPUT', 'No image.'))
  const { draft } = await newDraft({ upload })
  draft.addFiles([note()], limits)
  await waitUntil(() => draft.getSnapshot().files[0]?.status === 'failed')
  expect(draft.getSnapshot().files[0]).toMatchObject({ error: 'No image.', blob: null })
})

test('a file that is removed is not uploaded any further', async () => {
  const signals: (AbortSignal | undefined)[] = []
  const { draft } = await newDraft({
    upload: async (_file, { signal }) => {
      signals.push(signal)
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  draft.addFiles([note(), note()], limits)
  const [first, second] = draft.getSnapshot().files
  draft.removeFile(first?.id ?? '')
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, false])
  await waitUntil(() => draft.getSnapshot().files.length === 1)
  expect(draft.getSnapshot().files).toEqual([second])
})

test('files beyond the limits of the server are not uploaded, and say why', async () => {
  let uploads = 0
  const upload = async (): Promise<UploadedFile> => ({ url: `/files/${++uploads}`, mediaType: 'text/plain' })
  const { draft } = await newDraft({ upload })
  draft.addFiles([note('a'.repeat(101)), note(), note(''), note()], limits)
  await waitUntil(() => draft.getSnapshot().files[1]?.status === 'ready')
  expect(draft.getSnapshot().files.map(({ error }) => error)).toEqual([
    expect.stringContaining('Choose a file of up to'),
    null,
    expect.stringContaining('empty'),
    expect.stringContaining('at most 3 files'),
  ])
  expect(uploads).toBe(1)
})

test('files are uploaded again in another profile, and when their upload is nearly a day old', async () => {
  let uploads = 0
  const upload = async (): Promise<UploadedFile> => ({ url: `/files/${++uploads}`, mediaType: 'text/plain' })
  const { draft, drafts } = await newDraft({ upload })
  draft.addFiles([note()], limits)
  await waitUntil(() => draft.getSnapshot().files[0]?.upload?.file.url === '/files/1')
  draft.setProfile('work')
  await waitUntil(() => draft.getSnapshot().files[0]?.upload?.file.url === '/files/2')
  await waitUntil(() => drafts.get('new')?.files[0]?.upload?.profile === 'work')
  const stored = drafts.get('new')
  if (!stored) throw new Error('Nothing is stored.')
  const old = stored.files.map((file) => ({ ...file, upload: file.upload && { ...file.upload, at: 0 } }))
  const later = await newDraft({ stored: { new: { ...stored, files: old } }, upload })
  await waitUntil(() => later.draft.getSnapshot().files[0]?.upload?.file.url === '/files/3')
})

test('a draft takes over that of a chat whose conversation was not known, which is kept until then', async () => {
  const { storage, drafts } = newStorage({ cnv: { text: 'Older', files: [], settings: {}, outgoing: [] } })
  const upload = (): Promise<UploadedFile> => Promise.reject(new Error())
  const provisional = new Draft({ key: 'new', storage, upload })
  provisional.setText('Newer')
  await waitUntil(() => drafts.get('new')?.text === 'Newer')
  const draft = new Draft({ key: 'cnv', storage, upload })
  draft.absorb(provisional)
  expect(provisional.getSnapshot().text).toBe('')
  await waitUntil(() => drafts.get('cnv')?.text === 'Older\n\nNewer' && !drafts.has('new'))
})
