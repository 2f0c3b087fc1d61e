import type { ComponentProps } from 'react'
import type { ExtraProps } from 'react-markdown'
import { ExternalImage } from '../../transcript/files/external-image.tsx'
import { ImageFile } from '../../transcript/files/image-file.tsx'

const inlineImage = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/i

/** An image of a model's text: one that it holds itself, or of this server. One of another server is not loaded. */
export function MarkdownImage({ src, alt = '' }: ComponentProps<'img'> & ExtraProps) {
  if (typeof src !== 'string') return null
  if (inlineImage.test(src)) return <img src={src} alt={alt} />
  if (/^\/files\/[\w./-]+$/.test(src)) return <ImageFile url={src} name={alt || null} />
  return <ExternalImage url={src} alt={alt} />
}
