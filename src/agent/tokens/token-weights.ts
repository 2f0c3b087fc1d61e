/** The tokenizers whose counts are estimated: OpenAI's o200k, and that of Qwen's models. */
export type TokenizerName = 'o200k' | 'qwen'

/**
 * How many tokens the pieces of a text have on average, by what stands around them. Fitted to what the tokenizers count of
 * prose, code, JSON and random characters. No weight is negative: a longer text never has fewer tokens.
 */
export interface TokenWeights {
  /** The first letter of a word, by what it stands after. A capital after a small letter begins a word, too. */
  readonly word: {
    readonly afterSpace: number
    readonly afterNewline: number
    readonly afterDigit: number
    readonly afterQuote: number
    readonly afterLetter: number
    /** After a word of one or two letters: frequent in base64. */
    readonly afterShortWord: number
    readonly afterOther: number
  }
  /** Each further letter of a word, by its place, counted from 1. Those of a word of usual length are one token. */
  readonly letter: { readonly from3: number; readonly from9: number; readonly from12: number }
  /** Added for these letters from the fifth on: words that have them are rarer in the texts that tokenizers were made from. */
  readonly rareLetters: Readonly<Record<string, number>>
  /** Added for a capital after a capital, and for a letter with an accent. */
  readonly capital: number
  readonly accented: number
  /** Greek, Cyrillic, Arabic and others: the first character of a word, and each further one. */
  readonly otherAlphabet: { readonly first: number; readonly further: number }
  /** Each digit, and each group of up to three. */
  readonly digit: number
  readonly digitGroup: number
  readonly newline: { readonly first: number; readonly further: number }
  /** A space before anything but a word or a sign is often a token of its own. Indentation is few tokens. */
  readonly space: { readonly beforeOther: number; readonly second: number; readonly further: number }
  /** Signs of ASCII. Runs of those of JSON are few tokens. */
  readonly sign: {
    readonly first: number
    readonly afterSpace: number
    readonly json: number
    readonly secondJson: number
    readonly thirdJson: number
    readonly furtherJson: number
    readonly repeated: number
    readonly further: number
  }
  /** Typographic quotes, dashes and the like. */
  readonly otherSign: number
  /** Chinese characters: the first of a run, and each further one. */
  readonly han: { readonly first: number; readonly further: number }
  readonly hanSign: number
  readonly kana: number
  /** Half of a surrogate pair, as of an emoji. */
  readonly surrogate: number
  readonly other: number
}

const o200k: TokenWeights = {
  word: {
    afterSpace: 0.83,
    afterNewline: 1.08,
    afterDigit: 0.55,
    afterQuote: 0.63,
    afterLetter: 0.45,
    afterShortWord: 3,
    afterOther: 0.9,
  },
  letter: { from3: 0.09, from9: 0.13, from12: 0.34 },
  rareLetters: {
    a: 0.05,
    b: 0.65,
    d: 0.11,
    e: 0.2,
    f: 0.41,
    j: 0.2,
    k: 0.44,
    l: 0.16,
    m: 0.28,
    o: 0.11,
    p: 0.34,
    u: 0.11,
    v: 0.33,
    w: 0.15,
    z: 0.97,
  },
  capital: 0.1,
  accented: 0.43,
  otherAlphabet: { first: 0.44, further: 0.09 },
  digit: 0,
  digitGroup: 1.53,
  newline: { first: 0.69, further: 0 },
  space: { beforeOther: 1.04, second: 0.57, further: 0.02 },
  sign: {
    first: 0.23,
    afterSpace: 0.89,
    json: 0.81,
    secondJson: 0.17,
    thirdJson: 0.21,
    furtherJson: 0.3,
    repeated: 0.22,
    further: 0.52,
  },
  otherSign: 1.21,
  han: { first: 0.62, further: 0.76 },
  hanSign: 0.52,
  kana: 0.69,
  surrogate: 0.9,
  other: 1.8,
}

const qwen: TokenWeights = {
  word: {
    afterSpace: 0.75,
    afterNewline: 0.87,
    afterDigit: 0.8,
    afterQuote: 0.54,
    afterLetter: 0.17,
    afterShortWord: 2.86,
    afterOther: 0.91,
  },
  letter: { from3: 0.19, from9: 0.1, from12: 0.55 },
  rareLetters: {
    b: 0.48,
    e: 0.34,
    f: 0.74,
    g: 0.14,
    h: 0.55,
    j: 0.48,
    k: 0.37,
    l: 0.05,
    m: 0.56,
    p: 0.12,
    v: 0.32,
    w: 0.05,
    z: 1.43,
  },
  capital: 0.07,
  accented: 1.65,
  otherAlphabet: { first: 0.35, further: 0.1 },
  digit: 0.62,
  digitGroup: 1.16,
  newline: { first: 0.71, further: 0.14 },
  space: { beforeOther: 1.59, second: 0.43, further: 0.02 },
  sign: {
    first: 0.03,
    afterSpace: 0.82,
    json: 0.69,
    secondJson: 0.3,
    thirdJson: 0,
    furtherJson: 0.15,
    repeated: 0.12,
    further: 0.54,
  },
  otherSign: 0.96,
  han: { first: 1.46, further: 0.47 },
  hanSign: 0.5,
  kana: 0.49,
  surrogate: 0.9,
  other: 1.31,
}

/** The weights by tokenizer. */
export const tokenWeights: Readonly<Record<TokenizerName, TokenWeights>> = { o200k, qwen }

/** The tokenizer whose counts are closest to those of a model, by the model's name. */
export function selectTokenizer(modelName: string): TokenizerName {
  return /qwen|qwq/i.test(modelName) ? 'qwen' : 'o200k'
}
