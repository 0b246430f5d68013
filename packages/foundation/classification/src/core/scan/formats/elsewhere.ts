import { at, isUniform, luhn, number, weighted } from '../checksums.ts'
import type { Values } from '../checksums.ts'
import type { Formats } from '../format.ts'
import { isYmd } from './dates.ts'

/** A check digit of Brazil's: eleven less the remainder, 0 from ten on. */
function brazilian(values: Values, count: number): number {
  let sum = 0
  for (let place = 0; place < count; place++) sum += at(values, place) * (count + 1 - place)
  const check = 11 - (sum % 11)
  return check >= 10 ? 0 : check
}

function isRun(values: Values, count: number): boolean {
  let sum = 0
  for (let place = count - 2, weight = 2; place >= 0; place--, weight = weight === 7 ? 2 : weight + 1)
    sum += at(values, place) * weight
  const check = 11 - (sum % 11)
  if (check === 10) return at(values, count - 1) === 20
  return (check === 11 ? 0 : check) === at(values, count - 1) && number(values, 0, count - 1) > 0
}

/** Numbers of South America, Israel and South Africa. */
export const ELSEWHERE: Formats = [
  {
    infoType: 'BRAZIL_CPF_NUMBER',
    source: 'Receita Federal, Cadastro de Pessoas Físicas: two check digits, modulus 11',
    alone: ['d3.d3.d3-d2'],
    named: ['d11', 'd9-d2'],
    words: ['cpf'],
    check: (values) =>
      !isUniform(values, 11) &&
      brazilian(values, 9) === at(values, 9) &&
      brazilian(values, 10) === at(values, 10),
  },
  {
    infoType: 'CHILE_CDI_NUMBER',
    source: 'Servicio de Registro Civil, Rol Único Nacional: modulus 11',
    alone: ['d2.d3.d3-X', 'd.d3.d3-X'],
    named: ['d8-X', 'd7-X', 'd8X'],
    words: ['run', 'rut'],
    check: isRun,
  },
  {
    infoType: 'URUGUAY_CDI_NUMBER',
    source: 'Dirección Nacional de Identificación Civil, cédula de identidad: weights 2-9-8-7-6-3-4',
    named: ['d.d3.d3-d', 'd7-d', 'd8'],
    words: ['cedula', 'ci', 'identidad'],
    check: (values) =>
      !isUniform(values, 8) && (10 - (weighted(values, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10 === at(values, 7),
  },
  {
    infoType: 'ARGENTINA_DNI_NUMBER',
    source: 'Registro Nacional de las Personas, Documento Nacional de Identidad: seven or eight digits',
    named: ['d2.d3.d3', 'd8', 'd7', 'd.d3.d3'],
    words: ['dni', 'documento'],
    check: (values) => at(values, 0) > 0,
  },
  {
    infoType: 'ISRAEL_IDENTITY_CARD_NUMBER',
    source: 'Population and Immigration Authority, Teudat Zehut: Luhn check digit',
    named: ['d9', 'd8-d'],
    words: ['teudat', 'zehut', 'tz', 'mispar'],
    check: (values) => number(values, 0, 9) > 0 && luhn(values, 9),
  },
  {
    infoType: 'SOUTH_AFRICA_ID_NUMBER',
    source: 'Department of Home Affairs, identity number: date, citizenship, Luhn check digit',
    named: ['d13', 'd6 d4 d3'],
    words: ['rsa', 'identity'],
    check: (values) => isYmd(values, 0) && at(values, 10) <= 2 && luhn(values, 13),
  },
]
