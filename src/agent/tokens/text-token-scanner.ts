import { type TokenizerName, tokenWeights, type TokenWeights } from './token-weights.ts'

const kinds = [
  'small',
  'capital',
  'accented',
  'otherAlphabet',
  'digit',
  'space',
  'newline',
  'sign',
  'otherSign',
  'han',
  'hanSign',
  'kana',
  'surrogate',
  'other',
] as const
type CodeUnitKind = (typeof kinds)[number]

/** No word is so long. Tokenizers join about four letters of anything else. */
const tokensPerLetterOfNoWord = 0.25

const jsonSigns: ReadonlySet<number> = new Set(['"', ':', ',', '{', '}', '[', ']'].map((sign) => sign.charCodeAt(0)))
const quote = '"'.charCodeAt(0)
const newline = '\n'.charCodeAt(0)

const kindByCodeUnit = Uint8Array.from({ length: 0x10000 }, (_, code) => kinds.indexOf(classify(code)))

/** By the code of a small letter. */
const rareLetterTokens: Readonly<Record<TokenizerName, Float64Array>> = {
  o200k: createRareLetterTable(tokenWeights.o200k),
  qwen: createRareLetterTable(tokenWeights.qwen),
}

/** Estimates how many tokens each UTF-16 code unit of a text adds to those before it. */
export class TextTokenScanner {
  readonly #weights: TokenWeights
  readonly #rareLetters: Float64Array
  #previousCode = newline
  #previousKind: CodeUnitKind = 'newline'
  /** The length of the run of code units of the same kind, up to the previous one. */
  #runLength = 0
  /** The letters of the word so far. */
  #wordLength = 0

  /** Begins a text. */
  constructor(tokenizer: TokenizerName) {
    this.#weights = tokenWeights[tokenizer]
    this.#rareLetters = rareLetterTokens[tokenizer]
  }

  /** Takes the next code unit. Returns the tokens that it adds, which are never negative, and not rounded. */
  add(code: number): number {
    const kind = kinds[kindByCodeUnit[code] ?? 0] ?? 'other'
    this.#runLength = kind === this.#previousKind ? this.#runLength + 1 : 1
    const tokens = isLetter(kind) ? this.#addLetter(code, kind) : this.#addOther(code, kind)
    if (!isLetter(kind)) this.#wordLength = 0
    this.#previousCode = code
    this.#previousKind = kind
    return tokens
  }

  #addLetter(code: number, kind: CodeUnitKind): number {
    const { letter, capital, accented } = this.#weights
    const begins = !isLetter(this.#previousKind) || (kind === 'capital' && this.#previousKind !== 'capital')
    const firstTokens = begins ? this.#findWordTokens() : 0
    this.#wordLength = begins ? 1 : this.#wordLength + 1
    const place = this.#wordLength
    const ownTokens =
      (kind === 'accented' ? accented : place > 4 ? (this.#rareLetters[code | 32] ?? 0) : 0) +
      (kind === 'capital' && !begins ? capital : 0)
    if (place < 3) return firstTokens + ownTokens
    return (
      ownTokens +
      (place < 5
        ? letter.from3
        : place < 9
          ? 0
          : place < 12
            ? letter.from9
            : place < 24
              ? letter.from12
              : tokensPerLetterOfNoWord)
    )
  }

  /** The tokens of a word that begins here. */
  #findWordTokens(): number {
    const { word } = this.#weights
    switch (this.#previousKind) {
      case 'small':
      case 'capital':
      case 'accented':
        return this.#wordLength < 3 ? word.afterShortWord : word.afterLetter
      case 'space':
        return word.afterSpace
      case 'newline':
        return word.afterNewline
      case 'digit':
        return word.afterDigit
      default:
        return this.#previousCode === quote ? word.afterQuote : word.afterOther
    }
  }

  #addOther(code: number, kind: CodeUnitKind): number {
    const isFirst = this.#runLength === 1
    const weights = this.#weights
    const { space, newline: line, otherAlphabet, han } = weights
    const spaceTokens = isFirst && this.#previousKind === 'space' && kind !== 'sign' ? space.beforeOther : 0
    switch (kind) {
      case 'space':
        return isFirst ? 0 : this.#runLength === 2 ? space.second : space.further
      case 'newline':
        return spaceTokens + (isFirst ? line.first : line.further)
      case 'digit':
        return spaceTokens + weights.digit + (this.#runLength % 3 === 1 ? weights.digitGroup : 0)
      case 'otherAlphabet':
        return spaceTokens + (isFirst ? otherAlphabet.first : otherAlphabet.further)
      case 'han':
        return spaceTokens + (isFirst ? han.first : han.further)
      case 'sign':
        return this.#findSignTokens(code)
      case 'otherSign':
      case 'hanSign':
      case 'kana':
      case 'surrogate':
        return spaceTokens + weights[kind]
      default:
        return spaceTokens + weights.other
    }
  }

  #findSignTokens(code: number): number {
    const { sign } = this.#weights
    const isJson = jsonSigns.has(code)
    if (this.#runLength === 1) return this.#previousKind === 'space' ? sign.afterSpace : isJson ? sign.json : sign.first
    if (code === this.#previousCode) return sign.repeated
    if (!isJson || !jsonSigns.has(this.#previousCode)) return sign.further
    return this.#runLength === 2 ? sign.secondJson : this.#runLength === 3 ? sign.thirdJson : sign.furtherJson
  }
}

function isLetter(kind: CodeUnitKind): boolean {
  return kind === 'small' || kind === 'capital' || kind === 'accented'
}

function createRareLetterTable({ rareLetters }: TokenWeights): Float64Array {
  return Float64Array.from({ length: 128 }, (_, code) => rareLetters[String.fromCharCode(code)] ?? 0)
}

function classify(code: number): CodeUnitKind {
  if (code < 0x80) return classifyAscii(code)
  if (code < 0xa0) return 'other'
  if (code < 0xc0) return 'otherSign'
  if (code < 0x250) return 'accented'
  if (code < 0x900) return 'otherAlphabet'
  if (code >= 0x2000 && code < 0x2e80) return 'otherSign'
  if ((code >= 0x3000 && code < 0x3040) || (code >= 0xff00 && code < 0xfff0)) return 'hanSign'
  if (code >= 0x3040 && code < 0x3100) return 'kana'
  if (code >= 0x4e00 && code < 0xa000) return 'han'
  return code >= 0xd800 && code < 0xe000 ? 'surrogate' : 'other'
}

function classifyAscii(code: number): CodeUnitKind {
  const character = String.fromCharCode(code)
  if (/[a-z]/.test(character)) return 'small'
  if (/[A-Z]/.test(character)) return 'capital'
  if (/\d/.test(character)) return 'digit'
  if (character === ' ') return 'space'
  return code < 32 || code === 127 ? 'newline' : 'sign'
}
