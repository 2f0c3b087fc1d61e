const sentence = 'The river bends where the old mill stood, and **nobody** counts its `stones` any more. '

const blocks: readonly ((index: number) => string)[] = [
  (index) => `## Part ${index}\n\n${sentence.repeat(3)}\n\n`,
  () => `${sentence.repeat(5)}\n\n`,
  (index) => `- first of ${index}, with a [link](https://example.com/${index})\n- *second*\n- third: ${sentence}\n\n`,
  (index) =>
    `\`\`\`ts\n${Array.from({ length: 12 }, (_, line) => `const value${line} = compute(${index}, 'text', [${line}, 2])\n`).join('')}\`\`\`\n\n`,
  (index) => `| Name | Value |\n| --- | --- |\n${`| row ${index} | ${sentence.slice(0, 30)} |\n`.repeat(6)}\n`,
  () => `> ${sentence}\n\n`,
]

/** An answer in Markdown as models write it, of exactly so many characters. */
export function writeAnswer(length: number): string {
  let text = ''
  for (let index = 0; text.length < length; index += 1) text += blocks[index % blocks.length]?.(index) ?? ''
  return text.slice(0, length)
}
