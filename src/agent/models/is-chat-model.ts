import type { ProviderType } from '../../config/profile/provider.ts'
import type { ProviderModel } from './parse-model-list.ts'

/** Models of OpenAI that do not chat, or only with the Responses API. */
const otherOpenAIModelPattern =
  /^((ft:)?(chat)?gpt-|o\d).*(image|audio|realtime|transcribe|translate|search|instruct$|codex|deep-research|-pro\b)|^(codex|computer-use|sora|babbage|davinci)/

/** Models of any provider that embed, rank, speak, hear, draw or judge. */
const otherModelPattern =
  /embed|rerank|whisper|(^|[^a-z])(tts|bge|gte|e5)([^a-z]|$)|minilm|kokoro|dall-e|stable-diffusion|moderation/

/** Whether a model can be chosen for a chat. Its name decides only if the list does not say what it is for. */
export function isChatModel(type: ProviderType, { name, purpose }: ProviderModel): boolean {
  if (purpose !== 'unknown') return purpose === 'chat'
  const lowerCaseName = name.toLowerCase()
  return !otherModelPattern.test(lowerCaseName) && (type !== 'openai' || !otherOpenAIModelPattern.test(lowerCaseName))
}
