import type { ProviderFailure } from './parse-provider-failure.ts'
import type { ProviderRequestRejection } from './provider-request-rejection.ts'

function compile(...patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join('|'))
}

const isNot = "(is|are|was|were)(n't| not|( \\w+)? un| currently not| not (currently|yet))"
const taken = '(supported|enabled|available|allowed|permitted|accepted)'

/** The model, or its server, takes no images at all. Texts are in lower case, without URLs. */
const noImages = compile(
  "(not|n't) (support(ed|ing)?|accept|take)( \\w+){0,4} (images?|image_urls?|vision|multi-?modal\\w*)( |-)?(inputs?|content|understanding|processing|modality|data)?\\b(?! (format|type|url|size|over|larger|from|in|of|with)\\w*)",
  '(no|without) (images?|vision|multi-?modal) support',
  `(images?|vision|multi-?modal)([ -](inputs?|content|understanding|processing|modality))*\\W{1,3}${isNot} ?(currently )?${taken}`,
  'image(_| )(url|input)s?\\W{1,3}is only supported by',
  'unknown variant `?image', // DeepSeek
  'endpoints found that support image', // OpenRouter
  '\\bmmproj\\b', // llama.cpp
  'not a (multi-?modal|vision)',
  'vision add-?on is not loaded', // LM Studio
  'not compiled for multi-?modal', // llamafile
  'missing data required for image input', // Ollama
  '(unsupported|invalid) (message )?content type:? ?\\W?image_url',
  "content'? : value must be a string", // Groq
  'at most 0 image', // vLLM
)

const file = '(images?|pictures?|files?|pdfs?|documents?|audio|media|image_?urls?|image data)'

/** Images or files that cannot be used, whatever the model takes. */
const invalidFiles = compile(
  `((could|can|did) ?(not|n't)|cannot|unable to|failed to|failure to) (\\w+ ){0,2}?(process|decode|load|read|open|parse|identify|fetch|download|access|retrieve|convert)( \\w+){0,3}? ${file}\\b`,
  `error (while )?(processing|decoding|loading|reading|opening|parsing|fetching|downloading|retrieving|converting)( \\w+){0,3}? ${file}\\b`,
  '(timeout|timed out|error|failed) while (downloading|fetching)',
  '(unable|failed) to (download|fetch)|cannot fetch content from',
  `fetch(ing)? (of )?(the )?${file}( \\w+){0,2} failed`,
  `(invalid|illegal|corrupt(ed)?|malformed|unsupported|unrecogni[sz]ed|bad|truncated|empty) (\\w+ ){0,1}?(${file}|mime.?type|media.?type|base64)\\b`,
  `${file}( \\w+){0,3}? (is|are|was|were|seems|appears|does|do|could|must|exceeds?)(n't| not)? (\\w+ ){0,5}?(valid|invalid|corrupt(ed)?|empty|too (large|small|big)|match|loaded|processed|decoded|readable|fetched|downloaded|maximum|limit|represent|contain|larger than|smaller than|at least|be (base64|a (data|https?)))\\b`,
  `image appears to be|image dimensions exceed|image exceeds`,
  `(image|mime|media)[ _-]?(format|type)s? (\\S+ ){0,2}?(is|are) (not|un) ?support|${file} (format|type|url|source)s? (\\S+ ){0,2}?(is|are) (not|un) ?support`,
  `not (represent |appear to contain )?an? (valid )?(image|picture|pdf)`,
  `image\\S* input should be 'image/|media_type\\W+input should be`, // Anthropic
  'only image types are supported', // OpenAI
  'total number of pixels per image', // Groq
  'illegal base64 data|image: unknown format', // Ollama
  "message='[^']{0,100}', url=", // vLLM
  'larger than factor', // Qwen
  "loaded image state|url' field must be a base64", // LM Studio
  "image, '.{0,200}', could not be", // Mistral
)

const tooManyImages = compile(
  'too many (images|image_url|pictures|media|multi-?modal)',
  '(at most|up to|maximum( of| number of|:)?|max(imum)?( allowed)?( is)?|limit( is| of|:)?|more than|no more than|exceeds?( the)?( maximum| limit)?( of)?) \\d+ (\\w+ )?(image|picture|media|multi-?modal)',
  '(number|count) of (images|image_urls?|pictures|media)( \\w+){0,4}? \\(?\\d* ?\\)?( \\w+){0,3}? ?exceed',
)

const maxImagePatterns = [
  /(?:at most|up to|no more than|more than) (\d{1,4})\b/,
  /(?:max(?:imum)?|limit)(?: \w+){0,3}?:? (\d{1,4})\b/,
  /exceeds?(?: \w+){0,4} (\d{1,4})\b/,
]

const noOtherFiles = compile(
  "(not|n't|no) (support(s|ed)?|accept|handle)( \\w+){0,4}? (pdfs?|documents?|audios?|videos?|files?)( (inputs?|content|blocks?|parts?|uploads?))*\\b(?! (format|type|size|url|over|larger)\\w*)",
  `(pdf|document|audio|video|file)s?( (inputs?|content|blocks?|parts?|uploads?))*\\W{1,3}${isNot} ?(currently )?${taken}`,
  'endpoints found that support (input |audio|file|pdf|video)',
  'unknown variant `?(file|input_audio|video|document)',
  '(unsupported|invalid) (message )?content type:? ?\\W?(file|input_audio|document|video_url)',
  'at most 0 (audio|video)',
)

/** What is said of thoughts, their signatures and encrypted state. */
const providerState = compile(
  '\\b(redacted_)?thinking\\b',
  'thought_?.?signature',
  '\\breasoning(_content|_details|_text|_opaque)?\\b',
  'encrypted_?.?content',
  '\\bextra_content\\b',
  '\\bsignature\\b',
)
const missingState =
  /missing|must be passed|must (start|begin)|is required|are required|expected|without its|not found in/
const wrongState =
  /invalid|unsupported|not (supported|permitted|allowed|valid|be modified|verif\w+)|cannot be|could not|extra (inputs|fields)|unrecogni[sz]ed|unexpected|unknown|corrupt|field required|mismatch|tampered|expired|decrypt|mal-?formed|must be|bytes/

/** Wordings that refuse images or other files as such. */
export const unsupportedContentWording = new RegExp(`${noImages.source}|${noOtherFiles.source}`)
/** Wordings that refuse some of the files of a request. */
export const invalidFileWording = new RegExp(`${tooManyImages.source}|${invalidFiles.source}`)
/** The same as codes. Most are OpenAI's. */
export const invalidFileCodes =
  /^(invalidimage\w*|imageparseerror|imagetoolarge|imagecontent\w*|unsupportedimage\w*|invalidbase64\w*)$/

/** What the AI SDK says before it sends anything. */
const unsupportedBySdk = 'aiunsupportedfunctionalityerror'

/** Wordings that a server's failure (5xx) may have, because no chat has them by chance. */
export const unmistakableContentWording = compile(
  'image input is not supported',
  '\\bmmproj\\b',
  'cannot identify image file',
  '(failed to|could not|cannot) (load|decode|process|download) (the )?image',
  'at most \\d+ image',
  'too many images',
  'does not support image',
  'not a multi-?modal model',
  'invalid `signature` in `thinking` block',
  'larger than factor',
  'image: unknown format',
)

/** Reads from an error which content of the request it refuses. Null if it is about something else. */
export function readContentRefusal({
  searchText,
  codes,
  namedFiles,
}: Pick<ProviderFailure, 'searchText' | 'codes' | 'namedFiles'>): ProviderRequestRejection | null {
  if (codes.includes(unsupportedBySdk)) return { type: 'other-files' }
  if (tooManyImages.test(searchText) && !/at most 0 /.test(searchText))
    return { type: 'image-count', maxImages: findMaxImages(searchText) }
  if (noOtherFiles.test(searchText) && !/\bimages?\b/.test(searchText)) return { type: 'other-files' }
  if (noImages.test(searchText)) return { type: 'images' }
  if (noOtherFiles.test(searchText)) return { type: 'other-files' }
  if (codes.some((code) => invalidFileCodes.test(code)) || invalidFiles.test(searchText))
    return { type: 'invalid-files', named: namedFiles }
  return readStateRefusal(searchText)
}

function findMaxImages(text: string): number | null {
  const digits = maxImagePatterns.map((pattern) => pattern.exec(text)?.[1]).find((match) => match !== undefined)
  return digits === undefined ? null : Number(digits)
}

function readStateRefusal(text: string): ProviderRequestRejection | null {
  if (!providerState.test(text)) return null
  if (missingState.test(text)) return { type: 'tool-calls' }
  return wrongState.test(text) ? { type: 'provider-state' } : null
}
