import { splitMatches } from './split-matches.ts'

/** A text, with the words of a search marked. */
export function Matches({ text, query }: { readonly text: string; readonly query: string }) {
  return splitMatches(text, query).map((piece, index) =>
    piece.isMatch ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
  )
}
