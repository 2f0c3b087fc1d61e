import { type FocusEvent, type KeyboardEvent, type RefObject, useMemo, useState } from 'react'
import type { VirtualizerHandle } from 'virtua'
import type { ListItem } from './to-list-items.ts'

interface RowKeys {
  /** The row that the tab key leads to: the one that had the focus last, else the open one, else the first. -1: none. */
  readonly tabStopIndex: number
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
}

/** Keys of the list: the arrows, Home and End go from row to row, F2 renames. */
export function useRowKeys(
  items: readonly ListItem[],
  openId: string | null,
  virtualizer: RefObject<VirtualizerHandle | null>,
  onRename: (id: string) => void,
): RowKeys {
  const [focusedKey, setFocusedKey] = useState<string | null>(null)
  const tabStopIndex = useMemo(() => {
    const indexOf = (key: string | null): number => (key === null ? -1 : items.findIndex((item) => item.key === key))
    const known = [indexOf(focusedKey), indexOf(openId)].find((index) => index >= 0)
    return known ?? items.findIndex(({ type }) => type === 'chat')
  }, [items, focusedKey, openId])
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const key = findRowKey(event.target)
    if (key === null || event.altKey || event.ctrlKey || event.metaKey) return
    if (event.key === 'F2') onRename(key)
    const next = findTarget(
      items,
      items.findIndex((item) => item.key === key),
      event.key,
    )
    if (next) focusRow(event.currentTarget, next, virtualizer.current)
    if (next || event.key === 'F2') event.preventDefault()
  }
  return { tabStopIndex, onFocus: ({ target }) => setFocusedKey((known) => findRowKey(target) ?? known), onKeyDown }
}

interface Target {
  readonly key: string
  readonly index: number
}

/** The row that a key leads to. Null: none, or no key of the list. */
function findTarget(items: readonly ListItem[], from: number, key: string): Target | null {
  const steps: Readonly<Record<string, readonly [start: number, step: number]>> = {
    ArrowDown: [from + 1, 1],
    ArrowUp: [from - 1, -1],
    Home: [0, 1],
    End: [items.length - 1, -1],
  }
  const [start, step] = steps[key] ?? [-1, -1]
  for (let index = start; items[index]; index += step) {
    const item = items[index]
    if (item?.type === 'chat') return { key: item.key, index }
  }
  return null
}

/** Rows that are far from what is shown have no elements: they have one in the next frames. */
function focusRow(list: HTMLElement, { key, index }: Target, virtualizer: VirtualizerHandle | null, tries = 10): void {
  const link = list.querySelector<HTMLElement>(`[data-chat="${CSS.escape(key)}"] a`)
  if (link) link.focus()
  else if (tries > 0) {
    virtualizer?.scrollToIndex(index, { align: 'nearest' })
    requestAnimationFrame(() => focusRow(list, { key, index }, virtualizer, tries - 1))
  }
}

function findRowKey(target: EventTarget): string | null {
  return target instanceof Element ? (target.closest('[data-chat]')?.getAttribute('data-chat') ?? null) : null
}
