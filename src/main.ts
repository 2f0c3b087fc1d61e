import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { restartWithMemorySettings } from './cli/process/restart-with-memory-settings.ts'

// First of all, because what was loaded before is loaded again. The other commands end before memory matters.
const [firstArgument = '-'] = process.argv.slice(2)
if (firstArgument.startsWith('-')) restartWithMemorySettings()

// Compiling the modules takes about half of a start. The cache is beside the packages, where only their owner can write. All
// other modules are imported after it is enabled, so that it has them, too.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'))
await import('./program.ts')
