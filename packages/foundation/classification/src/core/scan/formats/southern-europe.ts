import { at, charOf, isOneOf, letter, luhn, mod1110, number, weighted } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'

function isDni(values: Values): boolean {
  return DNI_LETTERS[number(values, 0, 8) % 23] === charOf(at(values, 8))
}

function isNie(values: Values): boolean {
  const lead = at(values, 0) - letter('X')
  if (lead < 0 || lead > 2) return false
  return DNI_LETTERS[(lead * 10_000_000 + number(values, 1, 8)) % 23] === charOf(at(values, 8))
}

function isSpanishInsurance(values: Values): boolean {
  const province = number(values, 0, 2)
  const own = number(values, 2, 10)
  const check = number(values, 10, 12)
  // Short numbers are filled with a zero, which some count and some do not.
  const isShort = own < 10_000_000 && (own + province * 10_000_000) % 97 === check
  return province > 0 && (isShort || number(values, 0, 10) % 97 === check)
}

function isCif(values: Values): boolean {
  let sum = 0
  for (let place = 1; place <= 7; place++) {
    const digit = at(values, place)
    sum += place % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)
  }
  const check = (10 - (sum % 10)) % 10
  const last = at(values, 8)
  const isCheck = last === check || last === letter('JABCDEFGHI'[check] ?? '')
  return isOneOf(at(values, 0), 'ABCDEFGHJNPQRSUVW') && isCheck
}

/** What characters in odd places count in a fiscal code. */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

function isFiscalCode(values: Values): boolean {
  let sum = 0
  for (let place = 0; place < 15; place++) {
    const value = at(values, place)
    const index = value < 10 ? value : value - 10
    sum += place % 2 === 0 ? (ODD[index] ?? 0) : index
    // Letters take the place of digits where two people would have the same code.
    const isOfDigits = [6, 7, 9, 10, 12, 13, 14].includes(place)
    if (isOfDigits && value >= 10 && !isOneOf(value, 'LMNPQRSTUV')) return false
  }
  return isOneOf(at(values, 8), 'ABCDEHLMPRST') && at(values, 15) === (sum % 26) + 10
}

function isCitizenCard(values: Values, count: number): boolean {
  let sum = 0
  for (let place = 0; place < count; place++) {
    const value = at(values, place)
    const twice = value * 2 - (value > 4 ? 9 : 0)
    sum += place % 2 === 0 ? twice : value
  }
  return sum % 10 === 0
}

function isPartitaIva(values: Values): boolean {
  // The office that gave the number: one of a province, or of those that have none.
  const office = number(values, 7, 10)
  const isOffice = (office >= 1 && office <= 100) || [120, 121, 888, 999].includes(office)
  return isOffice && number(values, 0, 7) > 0 && luhn(values, 11)
}

/** Numbers of Spain, Italy, Portugal, Croatia and Turkey. */
export const SOUTHERN_EUROPE: Formats = [
  {
    infoType: 'SPAIN_DNI_NUMBER',
    source: 'Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE": remainder by 23',
    alone: ['d8A', 'd8-A', 'd2.d3.d3-A', 'd8 A'],
    words: ['dni'],
    check: isDni,
  },
  {
    infoType: 'SPAIN_NIE_NUMBER',
    source: 'Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE": X, Y, Z as 0, 1, 2',
    alone: ['Ad7A', 'A-d7-A'],
    words: ['nie'],
    check: isNie,
  },
  {
    infoType: 'SPAIN_SOCIAL_SECURITY_NUMBER',
    source: 'Tesorería General de la Seguridad Social, NAF: remainder by 97',
    named: ['d12', 'd2/d8/d2', 'd2 d8 d2', 'd2-d8-d2'],
    words: ['nss', 'naf', 'seguridad', 'afiliacion'],
    check: isSpanishInsurance,
  },
  {
    infoType: 'SPAIN_CIF_NUMBER',
    source: 'Orden EHA/451/2008: control character of the NIF of legal entities',
    named: ['Ad7X', 'A-d7-X', 'A-d8'],
    words: ['cif', 'nif', 'empresa'],
    check: isCif,
  },
  {
    infoType: 'ITALY_FISCAL_CODE',
    source: 'Decreto ministeriale 23 dicembre 1976, Agenzia delle Entrate: control character',
    alone: ['A6X2AX2AX3A'],
    words: ['codice'],
    check: isFiscalCode,
  },
  {
    infoType: 'IT_VAT_CODE',
    source: 'Agenzia delle Entrate, partita IVA: Luhn check digit',
    named: ['d11'],
    words: ['iva', 'partita', 'piva'],
    check: isPartitaIva,
  },
  {
    infoType: 'PORTUGAL_CDC_NUMBER',
    source: 'Agência para a Modernização Administrativa, Cartão de Cidadão: document number check digits',
    named: ['d8 d X2d', 'd9A2d', 'd8-d-X2d', 'd8 d A2d'],
    words: ['cartao', 'cidadao', 'cc', 'cdc'],
    check: isCitizenCard,
  },
  {
    infoType: 'CROATIA_PERSONAL_ID_NUMBER',
    source: 'Porezna uprava, Pravilnik o osobnom identifikacijskom broju: ISO/IEC 7064 mod 11,10',
    named: ['d11'],
    words: ['oib', 'osobni'],
    check: (values) => mod1110(values, 11),
  },
  {
    infoType: 'TURKEY_ID_NUMBER',
    source: 'Nüfus ve Vatandaşlık İşleri, T.C. kimlik numarası: two check digits',
    named: ['d11'],
    words: ['kimlik', 'tckn', 'tc', 'tckimlik'],
    check(values) {
      const tenth = weighted(values, [7, -1, 7, -1, 7, -1, 7, -1, 7])
      const isTenth = ((tenth % 10) + 10) % 10 === at(values, 9)
      const sum = weighted(values, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
      return at(values, 0) > 0 && isTenth && sum % 10 === at(values, 10)
    },
  },
]
