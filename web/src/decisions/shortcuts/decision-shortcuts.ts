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
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && !event.isComposing
  if (!isPlain || event.defaultPrevented || event.repeat || !(target instanceof HTMLElement) || isTypedIn(target))
    return
  const card = findFocusedCard(target) ?? (hasFocus(target) ? null : findReadyFront())
  if (card && cards.get(card)?.handle(key.toLowerCase())) event.preventDefault()
}

function findFocusedCard(target: HTMLElement): HTMLElement | null {
  return [...cards.keys()].find((card) => card.contains(target)) ?? null
}

/** The first card, if it can be seen, was there for a moment, and nothing is half-typed anywhere. */
function findReadyFront(): HTMLElement | null {
  const front = findFront()
  const since = front && cards.get(front)?.frontSince
  if (!front || typeof since !== 'number' || performance.now() - since < settlingMs) return null
  const isTyping = [...document.querySelectorAll('textarea')].some(({ value }) => value.trim() !== '')
  return isTyping || !isOnScreen(front) ? null : front
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
