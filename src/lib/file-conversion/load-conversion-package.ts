import { FileConversionError } from './file-conversion-error.ts'

/**
 * Loads a package when a file needs it: not every machine can run its binaries, and only such files cannot be converted
 * there. `advice` says what people can send in its place. Throws FileConversionError.
 */
export async function loadConversionPackage<Module>(
  name: string,
  advice: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    const reason = `the package ${name} does not run on it`
    throw new FileConversionError(
      'unavailable',
      `Such files cannot be converted on this machine, because ${reason}. ${advice}`,
      { cause },
    )
  }
}
