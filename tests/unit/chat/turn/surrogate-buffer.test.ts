import { describe, expect, test } from 'vitest'
import { SurrogateBuffer } from '../../../../src/chat/turn/surrogate-buffer.ts'

const [high, low] = ['\ud83d', '\ude00']

describe('a high surrogate at the end of a part', () => {
  test('is held back until its low surrogate arrives', () => {
    const first = SurrogateBuffer.empty.append(0, `a${high}`)
    expect(first.text).toBe('a')
    expect(first.buffer.partIndexes).toEqual([0])
    const second = first.buffer.append(0, `${low}b`)
    expect(second.text).toBe('😀b')
    expect(second.buffer.partIndexes).toEqual([])
  })

  test('becomes U+FFFD when something else arrives', () => {
    expect(SurrogateBuffer.empty.append(0, high).buffer.append(0, 'b').text).toBe('\ufffdb')
  })

  test('is held back for its own part only', () => {
    const { buffer } = SurrogateBuffer.empty.append(0, high)
    const other = buffer.append(1, low)
    expect(other.text).toBe('\ufffd')
    expect(other.buffer.has(0)).toBe(true)
    expect(other.buffer.has(1)).toBe(false)
  })

  test('can be discarded', () => {
    const { buffer } = SurrogateBuffer.empty.append(0, high)
    expect(buffer.discard(0).append(0, low).text).toBe('\ufffd')
    expect(buffer.discard(1)).toBe(buffer)
    expect(buffer.has(0)).toBe(true)
  })
})
