/**
 * The length of the piece that a text repeats, in UTF-16 code units: 3 for `abcabcab`, the whole length where it is
 * not at least one and a half times a piece. By the failure function of Knuth, Morris and Pratt, so at most two comparisons for each unit.
 */
export function repeatedLength(text: string): number {
  const { length } = text
  const borders = new Uint32Array(length)
  let border = 0
  for (let index = 1; index < length; index++) {
    while (border > 0 && text[index] !== text[border]) border = borders[border - 1] ?? 0
    if (text[index] === text[border]) border++
    borders[index] = border
  }
  const period = length - border
  return period * 3 <= length * 2 ? period : length
}
