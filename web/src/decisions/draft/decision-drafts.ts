import { isFullStorage, reportFullStorage } from '../../notices/report-full-storage.ts'

/** Texts by the names of fields. */
export type DecisionDraft = { readonly [field: string]: string }

const storageKey = 'segue.decisions'
const maxDrafts = 50 // the newest ones

const emptyDraft: DecisionDraft = {}

/** What was typed in answers that are not sent yet, by the id of the decision. It survives a reload. */
class DecisionDrafts {
  #drafts = readDrafts()
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  get isEmpty(): boolean {
    return this.#drafts.size === 0
  }

  get(decisionId: string): DecisionDraft {
    return this.#drafts.get(decisionId) ?? emptyDraft
  }

  change(decisionId: string, changes: { readonly [field: string]: string | null }): void {
    const fields = Object.entries({ ...this.get(decisionId), ...changes })
    const draft = Object.fromEntries(fields.filter((field): field is [string, string] => field[1] !== null))
    this.#set(decisionId, draft)
  }

  /** The decision is settled: nothing can be sent any more. */
  remove(decisionId: string): void {
    if (this.#drafts.has(decisionId)) this.#set(decisionId, emptyDraft)
  }

  clear(): void {
    this.#store(new Map())
  }

  #set(decisionId: string, draft: DecisionDraft): void {
    const drafts = new Map(this.#drafts)
    drafts.delete(decisionId)
    if (Object.keys(draft).length > 0) drafts.set(decisionId, draft)
    this.#store(new Map([...drafts].slice(-maxDrafts)))
  }

  #store(drafts: ReadonlyMap<string, DecisionDraft>): void {
    this.#drafts = drafts
    try {
      localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(this.#drafts)))
    } catch (error) {
      // Without storage, what was typed lasts until the page is closed.
      if (isFullStorage(error)) reportFullStorage()
    }
    for (const listener of this.#listeners) listener()
  }
}

function readDrafts(): ReadonlyMap<string, DecisionDraft> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}')
    return new Map(
      Object.entries(Object(stored)).filter((entry): entry is [string, DecisionDraft] => isDraft(entry[1])),
    )
  } catch {
    return new Map()
  }
}

function isDraft(value: unknown): value is DecisionDraft {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string')
}

export const decisionDrafts = new DecisionDrafts()
