import { createContext } from 'react'
import { noNotes } from '../blocks/footnotes.ts'

/** The numbers of the footnotes of the text that an element is in, by their labels. None while it grows. */
export const NotesContext = createContext(noNotes)
