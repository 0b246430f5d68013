import { at, charOf, luhn, number, weighted } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'
import { isDmy, isYear, isYmd } from './dates.ts'

function isPersonnummer(values: Values, count: number): boolean {
  const from = count - 10
  const day = number(values, from + 4, from + 6)
  // Coordination numbers have 60 more in their day.
  const month = number(values, from + 2, from + 4)
  const isDate = day > 60 ? isDmyParts(day - 60, month) : isYmd(values, from)
  return isDate && (from === 0 || isYear(number(values, 0, 4))) && luhn(values, count, from)
}

function isDmyParts(day: number, month: number): boolean {
  return day >= 1 && day <= 31 && month >= 1 && month <= 12
}

const HETU = '0123456789ABCDEFHJKLMNPRSTUVWXY'

function isHetu(values: Values, count: number): boolean {
  // The sign of the century is a letter, which has a value, or a dash or plus, which has none.
  const from = count - 4
  if (count === 11 && !'ABCDEFUVWXY'.includes(charOf(at(values, 6)))) return false
  const rest = (number(values, 0, 6) * 1000 + number(values, from, from + 3)) % 31
  return (
    isDmy(values, 0) && number(values, from, from + 3) >= 2 && HETU[rest] === charOf(at(values, count - 1))
  )
}

function isFodselsnummer(values: Values): boolean {
  const day = number(values, 0, 2)
  if (!isDmy(values, 0, day > 40 ? day - 40 : day)) return false
  const first = weighted(values, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1])
  const second = weighted(values, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
  return first % 11 === 0 && second % 11 === 0
}

function isPesel(values: Values): boolean {
  // Twenties in the month tell the century.
  const month = number(values, 2, 4) % 20
  const check = 10 - (weighted(values, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)
  return isYmd(values, 0, month) && check % 10 === at(values, 10)
}

function isRodneCislo(values: Values): boolean {
  const month = number(values, 2, 4) % 50
  const body = number(values, 0, 9) % 11
  return isYmd(values, 0, month > 20 ? month - 20 : month) && body % 10 === at(values, 9)
}

/** Numbers of Scandinavia, Finland, Poland and Czechia. */
export const NORTHERN_EUROPE: Formats = [
  {
    infoType: 'SWEDEN_NATIONAL_ID_NUMBER',
    source: 'Skatteverket, SKV 704: personnummer and samordningsnummer, Luhn check digit',
    alone: ['d6-d4', 'd8-d4'],
    named: ['d10', 'd12', 'd6+d4'],
    words: ['personnummer', 'samordningsnummer', 'personnr'],
    check: isPersonnummer,
  },
  {
    infoType: 'DENMARK_CPR_NUMBER',
    source: 'CPR-kontoret, "Personnummeret i CPR": no check digit since 2007, so the date alone',
    named: ['d6-d4', 'd10', 'd6 d4'],
    words: ['cpr', 'cprnr', 'personnummer'],
    check: (values) => isDmy(values, 0) && number(values, 6, 10) > 0,
  },
  {
    infoType: 'FINLAND_NATIONAL_ID_NUMBER',
    source: 'Digi- ja väestötietovirasto, henkilötunnus: remainder by 31',
    alone: ['d6-d3X', 'd6+d3X', 'd6Ad3X'],
    words: ['hetu', 'henkilotunnus'],
    check: isHetu,
  },
  {
    infoType: 'NORWAY_NI_NUMBER',
    source: 'Skatteetaten, fødselsnummer and D-nummer: two check digits, modulus 11',
    named: ['d11', 'd6 d5'],
    words: ['fodselsnummer', 'personnummer', 'fnr'],
    check: isFodselsnummer,
  },
  {
    infoType: 'POLAND_PESEL_NUMBER',
    source: 'Ministerstwo Cyfryzacji, numer PESEL: weights 1-3-7-9',
    named: ['d11'],
    words: ['pesel'],
    check: isPesel,
  },
  {
    infoType: 'POLAND_NATIONAL_ID_NUMBER',
    source: 'Rozporządzenie MSWiA, dowód osobisty: series and number, weights 7-3-1',
    named: ['A3d6', 'A3 d6'],
    words: ['dowod', 'osobisty', 'dowodu'],
    check: (values) => weighted(values, [7, 3, 1, 9, 7, 3, 1, 7, 3]) % 10 === 0,
  },
  {
    infoType: 'CZECHIA_PERSONAL_ID_NUMBER',
    source: 'Zákon č. 133/2000 Sb., rodné číslo: divisible by 11',
    alone: ['d6/d4'],
    named: ['d10'],
    words: ['rodne', 'rc', 'cislo'],
    check: isRodneCislo,
  },
]
