/** Digits and signs that stand for letters, and letters that look like one another. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  l: 'i',
  '!': 'i',
  '|': 'i',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '6': 'g',
  '9': 'g',
  '7': 't',
  '+': 't',
  '8': 'b',
}

/**
 * What two spellings of one guess have in common: without case, without compatibility forms (full width, ligatures), with
 * letters for their usual stand-ins, so that `P@ssw0rd` is `password`. For comparing with lists and words only; never for
 * hashing.
 *
 * @param text a well-formed text of bounded size; the work is linear in it
 */
export function canonical(text: string): string {
  let folded = ''
  for (const character of text.normalize('NFKC').toLowerCase()) folded += LOOKALIKES[character] ?? character
  return folded
}
