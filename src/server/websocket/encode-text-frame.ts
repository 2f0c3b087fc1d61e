/** A whole message fits into a frame of this many bytes; longer ones are sent in several. */
export const maxFrameBytes = 65_535

const finalTextFrame = 0x81
/** In place of the length, says that it follows in two bytes. */
const twoByteLength = 126

/** A text message as one frame of RFC 6455, section 5.2, as a server sends it: without a mask. At most `maxFrameBytes`. */
export function encodeTextFrame(prefix: Buffer, text: Buffer, suffix: Buffer): Buffer {
  const length = prefix.length + text.length + suffix.length
  const headLength = length < twoByteLength ? 2 : 4
  const frame = Buffer.allocUnsafe(headLength + length)
  frame[0] = finalTextFrame
  frame[1] = Math.min(length, twoByteLength)
  if (headLength === 4) frame.writeUInt16BE(length, 2)
  frame.set(prefix, headLength)
  frame.set(text, headLength + prefix.length)
  frame.set(suffix, headLength + prefix.length + text.length)
  return frame
}
