import { whenIdle } from './when-idle.ts'

const shown = Promise.withResolvers<void>()

/** Resolves when the page has shown its first view and has time: for what that does not need. */
export const whenPageShown: Promise<void> = shown.promise

/** Tells that the first view is being rendered. */
export function tellRendering(): void {
  void whenIdle().then(shown.resolve)
}
