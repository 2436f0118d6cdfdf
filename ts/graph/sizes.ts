import type { SizeOf } from './value.js'

/** The type error of a value of the wrong size. */
export interface SizesDiffer<Expected extends number, Received extends number> {
  readonly 'unrolled: sizes differ': readonly [expected: Expected, received: Received]
}

/** `true` unless two sizes are known to differ. */
export type Fits<A, B> = number extends A
  ? true
  : number extends B
    ? true
    : A extends B
      ? true
      : false

/** The sum of two sizes; `number` where one is not known to the types. Adds digit by digit, as on paper. */
export type Sum<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : ToNumber<AddReversed<Reverse<`${A}`>, Reverse<`${B}`>>>

/** The sum of the sizes of some values. */
export type SumOfSizes<V extends readonly unknown[]> = V extends readonly [
  infer Head,
  ...infer Rest,
]
  ? Sum<SizeOf<Head>, SumOfSizes<Rest>>
  : V extends readonly []
    ? 0
    : number

/** Each digit as a tuple of that length: tuples are what types can add. */
interface Ones {
  '0': []
  '1': [0]
  '2': [0, 0]
  '3': [0, 0, 0]
  '4': [0, 0, 0, 0]
  '5': [0, 0, 0, 0, 0]
  '6': [0, 0, 0, 0, 0, 0]
  '7': [0, 0, 0, 0, 0, 0, 0]
  '8': [0, 0, 0, 0, 0, 0, 0, 0]
  '9': [0, 0, 0, 0, 0, 0, 0, 0, 0]
}

type Digit = keyof Ones

/** The sum of two numbers, the last digit first; `Result` is the part that is done, the first digit first. */
type AddReversed<
  A extends string,
  B extends string,
  Carry extends 0[] = [],
  Result extends string = '',
> = A extends `${infer X extends Digit}${infer P}`
  ? B extends `${infer Y extends Digit}${infer Q}`
    ? AddDigit<P, Q, [...Ones[X], ...Ones[Y], ...Carry], Result>
    : AddDigit<P, '', [...Ones[X], ...Carry], Result>
  : B extends `${infer Y extends Digit}${infer Q}`
    ? AddDigit<'', Q, [...Ones[Y], ...Carry], Result>
    : Carry extends [0]
      ? `1${Result}`
      : Result

type AddDigit<
  A extends string,
  B extends string,
  Total extends 0[],
  Result extends string,
> = `${Total['length']}` extends `1${infer D extends Digit}`
  ? AddReversed<A, B, [0], `${D}${Result}`>
  : AddReversed<A, B, [], `${Total['length']}${Result}`>

type Reverse<S extends string, Result extends string = ''> = S extends `${infer Head}${infer Rest}`
  ? Reverse<Rest, `${Head}${Result}`>
  : Result

type ToNumber<S extends string> = S extends `${infer N extends number}` ? N : number
