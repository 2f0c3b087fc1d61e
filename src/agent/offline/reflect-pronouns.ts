import type { ElizaClause } from './match-eliza-pattern.ts'

const reflections: Readonly<Record<string, string>> = {
  i: 'you',
  me: 'you',
  my: 'your',
  mine: 'yours',
  myself: 'yourself',
  your: 'my',
  yours: 'mine',
  yourself: 'myself',
  am: 'are',
}

const toWordSet = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Words before `you` that make it the subject of a clause. */
const wordsBeforeSubject = toWordSet(
  'are were do did can could will would should have had may might if that because when while',
)
/** Words after `you` that make it an object. The end of the clause does so, too. */
const wordsAfterObject = toWordSet(
  'and or to for with at in on about because when if so that then too very all more again now the a an my your this ' +
    'yesterday today tomorrow anymore much as from of by',
)

/** Exchanges the first and the second person in a clause, with their verbs: `I am` becomes `you are`. */
export function reflectPronouns(clause: ElizaClause): string {
  return clause
    .map(({ text, lower }, index) => {
      const before = clause[index - 1]?.lower
      const after = clause[index + 1]?.lower
      if (lower === 'you') return isSubject(before, after) ? 'I' : 'me'
      if (lower === 'are' && (before === 'you' || after === 'you')) return 'am'
      if (lower === 'was' && (before === 'i' || after === 'i')) return 'were'
      if (lower === 'were' && (before === 'you' || after === 'you')) return 'was'
      return Object.hasOwn(reflections, lower) ? reflections[lower] : text
    })
    .join(' ')
}

function isSubject(before: string | undefined, after: string | undefined): boolean {
  if (before !== undefined && wordsBeforeSubject.has(before)) return true
  return after !== undefined && !wordsAfterObject.has(after)
}
