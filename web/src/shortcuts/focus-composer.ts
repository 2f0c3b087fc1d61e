/** The id of the text of the composer. A page has one. */
export const composerId = 'composer-text'

/** The text of the composer. Null where the page has none. */
export function findComposer(): HTMLTextAreaElement | null {
  const field = document.getElementById(composerId)
  return field instanceof HTMLTextAreaElement ? field : null
}

/** Puts the cursor into the composer, at the end of its text: after an action whose button has gone. */
export function focusComposer(): void {
  const field = findComposer()
  field?.focus()
  field?.setSelectionRange(field.value.length, field.value.length)
}
