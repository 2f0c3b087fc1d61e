// As in src/main.ts: the AI SDK prints warnings for developers, one per request.
globalThis.AI_SDK_LOG_WARNINGS = false
