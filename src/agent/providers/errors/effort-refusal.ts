import type { ProviderRequestRejection } from './provider-request-rejection.ts'

/** Wordings that refuse an effort, or thinking altogether. Texts are in lower case. */
export const effortRefusalWording = new RegExp(
  [
    'reasoning[._ ]?effort',
    'thinking[._ ]?(level|budget|config)',
    'budget_tokens',
    'output_config',
    "\\beffort\\b.{0,40}(not|n't|in|un)[ -]?(valid|supported|allowed|available)",
    "(not|n't) support (the )?\\W?(effort|thinking|reasoning)\\b(?!_)",
    '\\b(thinking|reasoning)( mode)? is not (supported|enabled|available)',
    'adaptive thinking',
    'think(ing)? value', // Ollama
    'only works in thinking mode', // Gemini
    'parameter:? \\W?reasoning\\W',
    '\\breasoning: extra inputs',
  ].join('|'),
)

/** Wordings that refuse one effort among others. */
const valueRefusalWording =
  /unsupported value|does not support '|supported values|must be one of|should be '|one of|invalid (value|reasoning)|not a valid|level \w+ is|think(ing)? value|unknown variant/

/** Reads from an error which efforts a model does not take. */
export function readEffortRefusal(searchText: string): ProviderRequestRejection {
  return { type: 'effort', isOfOneValue: valueRefusalWording.test(searchText) }
}
