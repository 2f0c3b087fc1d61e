/** The id of the text of the composer. A page has one. */
export const composerId = 'composer-text'

/** Puts the cursor into the composer, at the end of its text: after an action whose button has gone. */
export function focusComposer(): void {
  const field = document.getElementById(composerId)
  if (!(field instanceof HTMLTextAreaElement)) return
  field.focus()
  field.setSelectionRange(field.value.length, field.value.length)
}
