import { defineDialect } from '../dialect.ts'

/** The server of llama.cpp: https://github.com/ggml-org/llama.cpp/tree/master/tools/server */
export const llamaCppDialect = defineDialect({
  name: 'llama-cpp',
  recognition: { responseHeaders: { server: /^llama\.cpp/ }, modelOwner: /^llamacpp$/, port: 8080 },
  effortFields: ['reasoning_effort', 'chat_template_kwargs'],
  modelList: { contextWindowPaths: ['meta.n_ctx', 'n_ctx'] },
  errors: {
    codes: {
      'context-length': ['exceedcontextsizeerror'],
      overloaded: ['unavailableerror'],
      unsupported: ['notsupportederror'],
    },
  },
})
