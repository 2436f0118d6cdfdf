/** The sentiment of a phrase: -1 negative, 0 neither, 1 positive. */
export type Sentiment = -1 | 0 | 1

/** Words with a sentiment of their own. */
export const ADJECTIVES: ReadonlyMap<string, Sentiment> = new Map([
  ...['good', 'funny', 'clever', 'warm', 'moving', 'fresh'].map((word) => [word, 1] as const),
  ...['bad', 'boring', 'silly', 'cold', 'slow', 'stale'].map((word) => [word, -1] as const),
])

/** Words that join two phrases. */
export type Connective = 'and' | 'or' | 'but'

/** Words about a subject. */
export type Phrase =
  | { readonly adjective: string }
  | { readonly not: Phrase }
  | { readonly connective: Connective; readonly left: Phrase; readonly right: Phrase }

/** The words before a connective's left side: with them a text has one meaning, and no brackets. */
const OPENINGS = { and: 'both', or: 'either', but: undefined } as const

/** A part of a sentence with its sentiment: a word, or two parts. */
export type Part =
  | { readonly sentiment: Sentiment; readonly word: string }
  | { readonly sentiment: Sentiment; readonly left: Part; readonly right: Part }

/**
 * The sentiment of a phrase: `not` turns it round, `both … and …` is positive if both sides are,
 * `either … or …` if one is, and after `but` the second side decides.
 */
export function sentimentOf(phrase: Phrase): Sentiment {
  if ('adjective' in phrase) return ADJECTIVES.get(phrase.adjective) ?? 0
  if ('not' in phrase) return sentimentOf(phrase.not) > 0 ? -1 : 1
  const [left, right] = [sentimentOf(phrase.left), sentimentOf(phrase.right)]
  if (phrase.connective === 'but') return right
  const most = phrase.connective === 'or' ? Math.max(left, right) : Math.min(left, right)
  return most > 0 ? 1 : -1
}

/** The binary parse of a sentence such as "the movie was not both bad and boring". */
export function sentenceOf(subject: string, verb: string, phrase: Phrase): Part {
  return joined(joined(neutral('the'), neutral(subject)), joined(neutral(verb), partOf(phrase)))
}

/** The parse of a phrase: `(not x)`, `(x (but y))`, `(both (x (and y)))`. */
function partOf(phrase: Phrase): Part {
  const sentiment = sentimentOf(phrase)
  if ('adjective' in phrase) return { sentiment, word: phrase.adjective }
  if ('not' in phrase) return { sentiment, left: neutral('not'), right: partOf(phrase.not) }
  const { connective } = phrase
  const right = joined(neutral(connective), partOf(phrase.right))
  const both: Part = { sentiment, left: partOf(phrase.left), right }
  const opening = OPENINGS[connective]
  return opening === undefined ? both : joined(neutral(opening), both)
}

function neutral(word: string): Part {
  return { sentiment: 0, word }
}

/** Two parts of which the right one alone says something, or none. */
function joined(left: Part, right: Part): Part {
  return { sentiment: right.sentiment, left, right }
}

/** The form of a phrase without its adjectives: `not both _ and _ but _`. */
export function formOf(phrase: Phrase): string {
  if ('adjective' in phrase) return '_'
  if ('not' in phrase) return `not ${formOf(phrase.not)}`
  const opening = OPENINGS[phrase.connective]
  const words = [opening, formOf(phrase.left), phrase.connective, formOf(phrase.right)]
  return words.filter((word) => word !== undefined).join(' ')
}
