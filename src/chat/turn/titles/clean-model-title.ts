import { z } from 'zod'
import { parseJsonOrNull } from '../../../lib/text/json.ts'

const titleWords =
  'title|titel|titre|t[ií]tulo|titolo|tytuł|заголовок|название|标题|標題|题目|題目|タイトル|件名|제목|العنوان|عنوان|heading|headline|subject|topic'
const labelPattern = new RegExp(
  `^["'*_\\s]*((chat|conversation|session|suggested|proposed|possible|short|final)\\s+)*(${titleWords})\\s*["'*_]*\\s*[:：]\\s*[*_]*`,
  'i',
)

/** Words before the title, which end in a colon. */
const preamblePattern = new RegExp(
  [
    '^((sure|certainly|of course|okay|ok|absolutely|alright)\\b[!,. ]*)?',
    "(here('s| is| are)\\b|((a|the|one|my) )?((good|possible|suitable|fitting|short|concise|suggested) )*",
    "title (for|of|could|would|might|is)\\b|i('d| would) (suggest|title)\\b|",
    'based on (the|this|your|our) (chat|conversation|messages?|text|beginning)\\b)[^:：]{0,100}[:：]\\s*',
  ].join(''),
  'i',
)
/** A line that says nothing about the chat. */
const fillerPattern =
  /^(sure|certainly|of course|okay|ok|absolutely|alright|here you go)\b[^\p{L}]*$|^(sure\b.*)?here('s| is) (a|the|your)\b.*\btitle\b.*[.!]$/iu

/** Beginnings of refusals. A chat may well be about sleep, so that "I can't" alone is none. */
const refusalPattern = new RegExp(
  [
    "^(i'?m|i am|we'?re) (very |so |really |truly )?(sorry|unable to|not able to|afraid i)",
    "^(sorry|apologies|unfortunately),? (but )?(i|we|this|that)('|’|\\b)",
    '^i (deeply |sincerely )?apologi[sz]e',
    "^i (can'?t|cannot|can not|won'?t|will not|am not able to|must decline to|do not|don'?t) (help|assist|comply|provide|fulfil|create|write|generate|give|do that|do this|discuss|engage|answer|continue|process|produce|feel comfortable)",
    '^as an (ai|artificial)',
    '^(es )?tut mir leid|^entschuldigung,|^(ich kann|leider kann ich) .*nicht',
    '^(je suis )?(vraiment )?désolée?,? (mais )?je|^je ne peux pas',
    '^lo siento|^no puedo (ayudar|proporcionar|crear|escribir)',
    '^(sinto muito|desculpe|lamento),|^não posso (ajudar|fornecer|criar)',
    '^mi dispiace|^non posso (aiutar|fornire|creare)',
    '^(很|非常)?(抱歉|对不起|對不起)|^我(无法|不能|無法)(帮助|提供|协助|回答|满足|協助)',
    '^(大変)?申し訳|^すみません、|^죄송|^(извините|простите|к сожалению),|^я не могу помочь',
  ].join('|'),
  'i',
)

/** Single marks are also apostrophes, so that one alone stays. */
const quotationMarks = [
  ...['""', '“”', '„“', '«»', '»«', '「」', '『』', '《》'].map((pair) => ({ pair, isSingle: false })),
  ...["''", '‘’', '‚‘', '‹›'].map((pair) => ({ pair, isSingle: true })),
].map(({ pair, isSingle }) => ({ open: pair.charAt(0), close: pair.charAt(1), isSingle }))

/** In UTF-16 code units. What follows cannot be a title. */
const maxOutputLength = 10_000

/**
 * The title in a model's output, without reasoning, JSON, labels, preambles, quotation marks, Markdown and a full stop.
 * Empty if there is none, or if the model refuses to write one.
 */
export function cleanModelTitle(text: string): string {
  const answer = removeReasoning(text).slice(0, maxOutputLength)
  const title = trimTitle(selectLine(readJsonTitle(answer) ?? answer))
  return refusalPattern.test(title.replaceAll('’', "'")) ? '' : title
}

function removeReasoning(text: string): string {
  return (
    text
      // Templates may contain the opening tag, so that only the closing one arrives.
      .replace(/^[^]*<\/(think|thinking|thought|reasoning)>/i, '')
      .replace(/<(think|thinking|thought|reasoning)>[^]*$/i, '')
      .replace(/^[^]*<\|channel\|>final<\|message\|>/, '')
      .replace(/<\|\w+\|>/g, '')
  )
}

const titleKeyPattern = new RegExp(titleWords, 'i')

const jsonTitleSchema = z.union([
  z.array(z.string()).transform(([first = '']) => first),
  z.record(z.string(), z.unknown()).transform((fields, context) => {
    const texts = Object.entries(fields).flatMap(([key, value]) => (typeof value === 'string' ? [{ key, value }] : []))
    const title = texts.find(({ key }) => titleKeyPattern.test(key)) ?? (texts.length === 1 ? texts[0] : undefined)
    if (title) return title.value
    context.addIssue({ code: 'custom', message: 'There is no title.' })
    return z.NEVER
  }),
])

/** The title in JSON, also in a fence, behind a preamble or cut off. Null if there is none. */
function readJsonTitle(text: string): string | null {
  const json = /^\s*(\{[^]*\}|\[[^]*\])\s*$/m.exec(text)?.[0] ?? ''
  const parsed = jsonTitleSchema.safeParse(parseJsonOrNull(json))
  return parsed.success ? parsed.data : (/\{\s*"\w*title"\s*:\s*"((?:[^"\\]|\\.)*)/i.exec(text)?.[1] ?? null)
}

/** Selects the line with the title: the last one with a label, or else the first one that is no preamble. */
function selectLine(text: string): string {
  const lines = text
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => line.replace(/^[#>\s]+/, '').trim())
    .filter((line) => /[\p{L}\p{N}\p{S}]/u.test(line) && !/^(`{3,}|~{3,})\S*$/.test(line))
  const labeled = lines.filter((line) => labelPattern.test(line) && /\p{L}/u.test(line.replace(labelPattern, '')))
  const other = lines.find((line, index) => {
    const isPreamble = /[:：][*_]*$/.test(line) && (index < lines.length - 1 || labelPattern.test(line))
    return !isPreamble && !fillerPattern.test(line)
  })
  const isNumbered = lines.some((line) => /^2[.)]\s/.test(line))
  return (labeled.at(-1) ?? other ?? '').replace(isNumbered ? /^([-*•]|\d{1,2}[.)])\s+/ : /^[-*•]\s+/, '')
}

/** Removes what stands around a title, from the outside to the inside. */
function trimTitle(line: string): string {
  let title = line
  for (let previous = ''; title !== previous;) {
    previous = title
    title = removeQuotationMarks(
      removeEmphasis(title.trim().replace(preamblePattern, '').replace(labelPattern, '')),
    ).replace(/[\s.。．]+$/, '')
  }
  return title
}

function removeEmphasis(text: string): string {
  const [, mark = '', inner = ''] = /^([*_`]+)(.*?)\1$/.exec(text) ?? []
  if (mark !== '' && !inner.includes(mark)) return inner
  // One end was cut off.
  return text.replace(/^\*+(?=[^*]*$)/, '').replace(/(?<=^[^*]*)\*+$/, '')
}

/** Removes quotation marks around a text. Those around words within it stay. */
function removeQuotationMarks(text: string): string {
  for (const { open, close, isSingle } of quotationMarks) {
    const opens = text.startsWith(open)
    const closes = text.endsWith(close) && text.length > (opens ? 1 : 0)
    const inner = text.slice(opens ? 1 : 0, closes ? -1 : undefined)
    // A mark alone has lost its counterpart.
    if ((isSingle ? opens && closes : opens || closes) && !inner.includes(open) && !inner.includes(close)) return inner
  }
  return text
}
