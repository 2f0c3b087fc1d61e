import { join } from 'node:path'

// Compiling takes most of the start of the servers and workers that tests start: they share a cache of compiled code.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compile')
