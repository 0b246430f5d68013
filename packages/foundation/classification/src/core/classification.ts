import { ClassificationError, toInfoType } from './info-types.ts'
import type { InfoType } from './info-types.ts'
import { readingsOf, wordsOf } from './names.ts'
import { createMemory } from './memory.ts'
import { createPaths, pathOf } from './paths.ts'
import type { Place } from './paths.ts'

/** Something that was classified. */
export interface Classified {
  readonly infoType: InfoType
  /** Under which it was classified: `User.ssn`, `users.email`, `ssn`, `order.contact.note`. Says what, never whose. */
  readonly coordinate: string
}

/** What is personal, for every exit to ask. */
export interface Classification {
  /**
   * Classifies a coordinate (`User.ssn`), a column (`users.ssn`), a name (`ssn`), or with three and more parts a path
   * (`order.contact.note`). What was said last holds.
   *
   * @throws ClassificationError for an unknown info type, an empty coordinate or a path that is none
   */
  add(coordinate: string, infoType: string): Classified
  /** What is known of a field of a named type: by its coordinate, or by a name that was classified for every type. */
  field(type: string, field: string): Classified | undefined
  /**
   * Everything that a key may stand for in an object whose type nobody knows: by its name, in any spelling and with any
   * prefix, and by the paths that lead to it where it is told what the object stands under. Several where types have
   * fields of one name; what was said last comes first.
   */
  named(key: string, above?: Place): readonly Classified[]
  /** What paths alone say of a key, which holds for objects of every type. */
  at(key: string, above?: Place): readonly Classified[]
  /** The first of {@link named}. */
  name(key: string, above?: Place): Classified | undefined
  /** Every coordinate that was classified. */
  all(): readonly Classified[]
}

/** Names that need no classification to be kept back: nobody publishes these on purpose. */
export const DEFAULT_NAMES: Readonly<Record<string, InfoType>> = {
  accessToken: 'AUTH_TOKEN',
  apiKey: 'AUTH_TOKEN',
  authToken: 'AUTH_TOKEN',
  authorization: 'AUTH_TOKEN',
  cardNumber: 'CREDIT_CARD_NUMBER',
  clientSecret: 'AUTH_TOKEN',
  cookie: 'AUTH_TOKEN',
  creditCard: 'CREDIT_CARD_NUMBER',
  creditCardNumber: 'CREDIT_CARD_NUMBER',
  cvc: 'CVV_NUMBER',
  cvv: 'CVV_NUMBER',
  iban: 'IBAN_CODE',
  idToken: 'AUTH_TOKEN',
  passphrase: 'PASSWORD',
  passwd: 'PASSWORD',
  password: 'PASSWORD',
  passwordConfirmation: 'PASSWORD',
  passwordHash: 'PASSWORD',
  privateKey: 'AUTH_TOKEN',
  refreshToken: 'AUTH_TOKEN',
  resetToken: 'AUTH_TOKEN',
  secret: 'AUTH_TOKEN',
  sessionToken: 'AUTH_TOKEN',
  socialSecurityNumber: 'US_SOCIAL_SECURITY_NUMBER',
  ssn: 'US_SOCIAL_SECURITY_NUMBER',
  ssnNumber: 'US_SOCIAL_SECURITY_NUMBER',
}

/**
 * Creates a classification.
 *
 * @param entries info types by coordinate, column, name or path
 * @param defaults names that are classified without being told. Default: {@link DEFAULT_NAMES}
 * @throws ClassificationError
 */
export function createClassification(
  entries: Readonly<Record<string, string>> = {},
  defaults: Readonly<Record<string, string>> = DEFAULT_NAMES,
): Classification {
  const coordinates = new Map<string, Classified>()
  const names = new Map<string, readonly Classified[]>()
  const ofEveryType = new Map<string, Classified>()
  const paths = createPaths()
  const remembered = createMemory<readonly Classified[]>()

  /** A name of its own takes the place of the same name in another spelling, such as a default's. */
  function replaces(one: Classified, other: Classified): boolean {
    const bothBare = !one.coordinate.includes('.') && !other.coordinate.includes('.')
    return bothBare || (one.coordinate === other.coordinate && one.infoType === other.infoType)
  }

  const byName = (key: string): readonly Classified[] =>
    remembered.get(key, () => names.get(readingsOf(key).find((one) => names.has(one)) ?? '') ?? [])

  const classification: Classification = {
    add(coordinate, given) {
      const infoType = toInfoType(given, coordinate)
      const folded = wordsOf(coordinate.slice(coordinate.lastIndexOf('.') + 1)).join('')
      if (folded === '')
        throw new ClassificationError(`'${coordinate}' names nothing: write Type.field or a name.`)
      const classified: Classified = Object.freeze({ infoType, coordinate })
      coordinates.set(coordinate, classified)
      const path = pathOf(coordinate)
      if (path !== undefined) {
        paths.add(path, classified)
        return classified
      }
      const others = (names.get(folded) ?? []).filter((other) => !replaces(classified, other))
      names.set(folded, [classified, ...others])
      if (!coordinate.includes('.')) ofEveryType.set(folded, classified)
      remembered.clear()
      return classified
    },
    field(type, field) {
      const reading = readingsOf(field).find((one) => ofEveryType.has(one))
      return (
        coordinates.get(`${type}.${field}`) ?? (reading === undefined ? undefined : ofEveryType.get(reading))
      )
    },
    named: (key, above) => [...paths.at(key, above), ...byName(key)],
    at: (key, above) => paths.at(key, above),
    name: (key, above) => classification.named(key, above)[0],
    all: () => [...coordinates.values()],
  }
  for (const [name, infoType] of Object.entries({ ...defaults, ...entries }))
    classification.add(name, infoType)
  return classification
}
