/** Word lists of the generated shop. */
export const FIRST_NAMES = [
  'Ana',
  'Bruno',
  'Chiara',
  'Dmitri',
  'Elif',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaya',
  'Liam',
  'Maren',
  'Nadia',
  'Oskar',
  'Paula',
  'Quentin',
  'Rosa',
  'Stefan',
  'Tilda',
  'Umar',
  'Vera',
  'Wanda',
  'Xenia',
  'Yusuf',
  'Zoe',
] as const

export const LAST_NAMES = [
  'Abel',
  'Bianchi',
  'Castell',
  'Dorn',
  'Eklund',
  'Fontaine',
  'Garrido',
  'Holm',
  'Ivanov',
  'Janssen',
  'Keller',
  'Lindqvist',
  'Marino',
  'Novak',
  'Ostrowski',
  'Petit',
  'Quist',
  'Rossi',
  'Sorensen',
  'Tanaka',
  'Ulrich',
  'Varga',
  'Weber',
  'Yilmaz',
] as const

export const STREETS = [
  'Harbour Lane',
  'Mill Road',
  'Linden Avenue',
  'Station Street',
  'Orchard Way',
  'Castle Hill',
  'Bridge Street',
  'Elm Court',
] as const

export const CITIES = [
  { city: 'Exampleton', country: 'IE' },
  { city: 'Nordhaven', country: 'DK' },
  { city: 'Santa Prueba', country: 'ES' },
  { city: 'Musterstadt', country: 'DE' },
  { city: 'Villefiction', country: 'FR' },
] as const

export const CATEGORIES = [
  'Kitchen',
  'Garden',
  'Books',
  'Lighting',
  'Bicycles',
  'Stationery',
  'Tea & Coffee',
  'Toys',
  'Textiles',
  'Tools',
] as const

export const ADJECTIVES = [
  'Quiet',
  'Folding',
  'Brass',
  'Linen',
  'Nordic',
  'Enamel',
  'Pocket',
  'Double',
  'Walnut',
  'Copper',
  'Striped',
  'Sturdy',
] as const

export const NOUNS = [
  'Lamp',
  'Kettle',
  'Notebook',
  'Trowel',
  'Blanket',
  'Basket',
  'Mug',
  'Bell',
  'Atlas',
  'Hammer',
  'Puzzle',
  'Pannier',
] as const

export const OPINIONS = [
  'Exactly what I hoped for.',
  'Arrived early and well packed.',
  'The colour differs a little from the picture.',
  'Second one I buy.',
  'Smaller than expected, still lovely.',
  'The handle came loose after a week.',
  'A gift that was liked.',
] as const

/** Numbers that card networks publish for testing: they pass the Luhn check and belong to nobody. */
export const TEST_CARDS = [
  '4242424242424242',
  '4111111111111111',
  '5555555555554444',
  '378282246310005',
  '6011111111111117',
] as const
