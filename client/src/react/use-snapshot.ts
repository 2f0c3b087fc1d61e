import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { SnapshotSource } from '../lists/snapshot-store.ts'

export type IsEqual<Selection> = (a: Selection, b: Selection) => boolean

/**
 * What a selector makes of the snapshot of a source. The component renders again only when that changes by `isEqual`:
 * by default, when it is another value, or an array or object with other elements.
 */
export function useSnapshot<Snapshot, Selection>(
  source: SnapshotSource<Snapshot>,
  selector: (snapshot: Snapshot) => Selection,
  isEqual: IsEqual<Selection> = isShallowEqual,
): Selection {
  const committed = useRef<{ readonly selection: Selection } | null>(null)
  const getSelection = useMemo(() => {
    let last: { readonly snapshot: Snapshot; readonly selection: Selection } | null = null
    return () => {
      const snapshot = source.getSnapshot()
      if (last?.snapshot === snapshot) return last.selection
      const selection = selector(snapshot)
      // A selector that is a new function in each rendering still returns the same object while nothing changes.
      const known = last ?? committed.current
      last = { snapshot, selection: known && isEqual(known.selection, selection) ? known.selection : selection }
      return last.selection
    }
  }, [source, selector, isEqual])
  const selection = useSyncExternalStore(source.subscribe, getSelection, getSelection)
  useEffect(() => {
    committed.current = { selection }
  }, [selection])
  return selection
}

/** Whether two values are the same, or are arrays or plain objects with the same elements. */
export function isShallowEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!isCollection(a) || !isCollection(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const entries = Object.entries(a)
  return (
    entries.length === Object.keys(b).length &&
    entries.every(([key, value]) => Object.hasOwn(b, key) && Object.is(value, Reflect.get(b, key)))
  )
}

function isCollection(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}
