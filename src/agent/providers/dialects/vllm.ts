import { defineDialect } from '../dialect.ts'

/** vLLM: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html */
export const vLLMDialect = defineDialect({
  name: 'vllm',
  recognition: { modelOwner: /^vllm$/, modelField: 'max_model_len', port: 8000 },
  effortFields: ['reasoning_effort', 'chat_template_kwargs'],
  modelList: { contextWindowPaths: ['max_model_len'] },
  errors: { codes: { unsupported: ['notimplementederror'] } },
  finishReasons: { abort: 'ERROR', repetition: 'LENGTH' },
})
