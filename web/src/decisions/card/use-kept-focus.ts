import { type RefObject, useLayoutEffect } from 'react'

/** For what goes when a decision is settled: the focus that it has moves to the card, not to the page. */
export function useKeptFocus(card: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => () => takeFocus(card), [card])
}

function takeFocus({ current }: RefObject<HTMLElement | null>): void {
  if (current?.contains(document.activeElement)) current.focus({ preventScroll: true })
}
