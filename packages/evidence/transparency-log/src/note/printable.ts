/**
 * A name from a log, safe to print: control, invisible and direction-changing characters are escaped, so that it can
 * neither begin a line nor command a terminal.
 */
export function printable(name: string): string {
  return name.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`)
}
