import type { Figure } from '../job.js'
import type { Errors } from './errors.js'

const SPLIT = 'Yao and Zweig (2015), another split of CMUdict:'
const PLAIN = `${SPLIT} encoder-decoder LSTM`
const ALIGNED = `${SPLIT} bidirectional LSTM with alignments`

/** The errors of both models beside the published ones. */
export function figuresOf(attention: Errors, fixed: Errors): Figure[] {
  return [
    {
      name: 'word error, attention',
      percent: attention.word,
      target: { atMost: 31 },
      published: [
        { percent: 28.6, source: `${PLAIN}, word error` },
        { percent: 23.6, source: `${ALIGNED}, word error` },
      ],
    },
    {
      name: 'phone error, attention',
      percent: attention.phone,
      target: { atMost: 8 },
      published: [
        { percent: 7.6, source: `${PLAIN}, phone error` },
        { percent: 5.5, source: `${ALIGNED}, phone error` },
      ],
    },
    { name: 'word error, fixed context', percent: fixed.word },
    { name: 'phone error, fixed context', percent: fixed.phone },
    {
      name: 'word error, fixed context less attention',
      percent: fixed.word - attention.word,
      target: { atLeast: 0 },
    },
  ]
}
