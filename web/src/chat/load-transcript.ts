import { type ComponentProps, type ComponentType, useEffect, useSyncExternalStore } from 'react'
import { loadPatiently } from '../components/errors/load-patiently.ts'
import type Transcript from './transcript/transcript.tsx'

type TranscriptView = ComponentType<ComponentProps<typeof Transcript>>

// Each in a task of its own: together, they would hold up a slow machine while somebody types.
const load = loadPatiently(async () => {
  await import('./markdown/markdown.tsx')
  return await import('./transcript/transcript.tsx')
})
const listeners = new Set<() => void>()
let loaded: TranscriptView | null = null
let isLoading = false

/** Loads what shows messages, unless that has begun. */
export function loadTranscript(): void {
  if (isLoading) return
  isLoading = true
  void load().then(({ default: view }) => {
    loaded = view
    for (const listener of listeners) listener()
  })
}

/**
 * What shows messages, as soon as it is needed and loaded; null before that. A `Suspense` would show it no earlier than 300 ms
 * after what it shows in its place.
 */
export function useTranscript(isNeeded: boolean): TranscriptView | null {
  useEffect(() => {
    if (isNeeded) loadTranscript()
  }, [isNeeded])
  return useSyncExternalStore(subscribe, () => loaded)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
