import type { ProviderType } from '../../../config/profile/provider.ts'
import type { Dialect } from '../../providers/dialect.ts'
import { openAIVisionModelPattern } from '../../providers/dialects/openai.ts'

/** Which PDFs a model reads itself. */
export interface PdfSupport {
  /** Of a file. */
  readonly maxPages: number
  readonly maxBytes: number
}

/** The names of models that read PDFs, whoever serves them in the format of their maker. */
const modelNamesByType: Readonly<Partial<Record<ProviderType, RegExp>>> = {
  anthropic: /(^|[./])claude-(?!2|instant)/,
  // The models that see: a PDF becomes its text and a picture of each page.
  openai: openAIVisionModelPattern,
}

/**
 * What is known of a model of a provider. Null: it is sent the text of PDFs. `isListed`: its provider's list says that it
 * reads files.
 */
export function findPdfSupport(
  type: ProviderType,
  { pdfs }: Dialect,
  { name, isListed }: { readonly name: string; readonly isListed: boolean },
): PdfSupport | null {
  return isListed || modelNamesByType[type]?.test(name) === true ? pdfs : null
}
