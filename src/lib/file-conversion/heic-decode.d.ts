declare module 'heic-decode' {
  interface HeicImage {
    readonly width: number
    readonly height: number
    decode(): Promise<{
      readonly width: number
      readonly height: number
      readonly data: Uint8ClampedArray<ArrayBuffer>
    }>
  }

  /** Null-safe access to all images of a file. `dispose` frees their memory, after which they cannot be decoded. */
  const decodeHeic: {
    all(options: { readonly buffer: Uint8Array }): Promise<HeicImage[] & { dispose(): void }>
  }
  export default decodeHeic
}
