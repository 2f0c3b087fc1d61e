import { cardShortcuts } from '../../shortcuts/shortcut-registry.ts'
import { matchesShortcut } from '../../shortcuts/shortcut-keys.ts'

/** Handles a key. Returns whether it is one of its shortcuts. */
export type HandleShortcut = (key: string) => boolean

// Milliseconds. A card that has just come to the front must not take a key that was meant for something else.
const settlingMs = 500

interface RegisteredCard {
  readonly handle: HandleShortcut
  /** When it was the first card on the page for the first time. Null while it is not. */
  frontSince: number | null
}

const cards = new Map<HTMLElement, RegisteredCard>()

/** Gives a card its keys. Returns a function that takes them back. */
export function registerShortcuts(card: HTMLElement, handle: HandleShortcut): () => void {
  if (cards.size === 0) document.addEventListener('keydown', onKeyDown)
  const registered = { handle, frontSince: null }
  cards.set(card, registered)
  markFront()
  return () => {
    if (cards.get(card) === registered) cards.delete(card)
    markFront()
    if (cards.size === 0) document.removeEventListener('keydown', onKeyDown)
  }
}

function markFront(): void {
  const front = findFront()
  for (const [card, registered] of cards) {
    registered.frontSince = card === front ? (registered.frontSince ?? performance.now()) : null
  }
}

/** The first card of the page. */
function findFront(): HTMLElement | null {
  const isBefore = (a: HTMLElement, b: HTMLElement): boolean =>
    (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING) > 0
  return [...cards.keys()].reduce<HTMLElement | null>(
    (first, card) => (first && isBefore(first, card) ? first : card),
    null,
  )
}

function onKeyDown(event: KeyboardEvent): void {
  const { target, key } = event
  if (event.isComposing || event.defaultPrevented || event.repeat || !(target instanceof HTMLElement)) return
  if (matchesShortcut(event, cardShortcuts.allow)) return answerAnywhere(event, target, 'a')
  if (matchesShortcut(event, cardShortcuts.deny)) return answerAnywhere(event, target, 'd')
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey
  if (!isPlain || isTypedIn(target)) return
  const card = findFocusedCard(target) ?? (hasFocus(target) || isTypedAnywhere() ? null : findReadyFront())
  if (card && cards.get(card)?.handle(key.toLowerCase())) event.preventDefault()
}

/** Answers the first card, wherever the focus is, but behind a dialog. A card that has no such answer takes the focus. */
function answerAnywhere(event: KeyboardEvent, target: HTMLElement, key: string): void {
  const card = findFocusedCard(target) ?? (target.closest('[role=dialog]') ? null : findReadyFront())
  if (!card) return
  event.preventDefault()
  if (!cards.get(card)?.handle(key)) card.focus()
}

function findFocusedCard(target: HTMLElement): HTMLElement | null {
  return [...cards.keys()].find((card) => card.contains(target)) ?? null
}

/** Something is half-typed on the page. */
function isTypedAnywhere(): boolean {
  return [...document.querySelectorAll('textarea')].some(({ value }) => value.trim() !== '')
}

/** The first card, if it can be seen, and was there for a moment. */
function findReadyFront(): HTMLElement | null {
  const front = findFront()
  const since = front && cards.get(front)?.frontSince
  if (!front || typeof since !== 'number' || performance.now() - since < settlingMs) return null
  return isOnScreen(front) ? front : null
}

/**
 * What can be focused by scripts alone, such as a view or its heading, is no control, and neither is what is only scrolled: the
 * focus goes there when a view is opened, or when somebody clicks on a text.
 */
function hasFocus(target: HTMLElement): boolean {
  return target !== document.body && target.tabIndex >= 0 && !target.matches('[data-scroller]')
}

function isTypedIn(target: HTMLElement): boolean {
  return target.isContentEditable || target.matches('input:not([type=radio], [type=checkbox]), textarea, select')
}

/** Its end, with the buttons, can be seen. */
function isOnScreen(card: HTMLElement): boolean {
  const { bottom } = card.getBoundingClientRect()
  return bottom > 0 && bottom <= window.innerHeight && card.checkVisibility()
}
