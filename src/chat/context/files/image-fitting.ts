import type { ProviderImageLimits } from '../../../agent/providers/dialect.ts'
import type { DerivedFileCache, ImageFile } from './derived-file-cache.ts'

/** What scales images down to what a provider accepts. */
export interface ImageFitting {
  readonly derivedFiles: DerivedFileCache
  readonly limits: Pick<ProviderImageLimits, 'maxBytes' | 'maxEdge' | 'manyImages'>
}

/** The width and height that an image may have at most in a request with so many images, in pixels. */
export function findMaxImageEdge({ limits }: ImageFitting, imageCount: number): number {
  const { maxEdge, manyImages } = limits
  return manyImages && imageCount > manyImages.imageCount ? Math.min(maxEdge, manyImages.maxEdge) : maxEdge
}

/** An image within the limits of a provider. Null if it is too large and cannot be scaled. */
export function fitImage(
  image: ImageFile,
  { derivedFiles, limits: { maxBytes } }: ImageFitting,
  maxEdge: number,
): Promise<ImageFile | null> {
  return derivedFiles.fitImage(image, { maxBytes, maxEdge })
}
