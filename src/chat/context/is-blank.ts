/** Whether a text has only white space and control characters. Some providers reject such texts. */
export function isBlank(text: string): boolean {
  return !/[^\p{White_Space}\p{Cc}\ufeff]/u.test(text)
}
