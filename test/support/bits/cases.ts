import { encoderDecoder, ownCells } from './composed.js'
import { pairInstructions } from './instructions.js'
import {
  bidirectionalGru,
  carried,
  checkpointedLstm,
  roundedLstm,
  stackedLstm,
  truncated,
} from './layered.js'
import type { Digests } from './record.js'

/** Trainings of fifty steps, and their names in `test/golden/bits.json`. */
export const CASES: readonly (readonly [name: string, run: () => Promise<Digests>])[] = [
  ['stacked lstm', stackedLstm],
  ['bidirectional gru', bidirectionalGru],
  ['checkpointed lstm', () => checkpointedLstm('sqrt')],
  // Windows of three blocks of 16 steps or more.
  ['lstm within bytes', () => checkpointedLstm(1_700_000)],
  ['truncated rnn and gru', truncated],
  ['carried states', carried],
  ['own cells', ownCells],
  ['encoder and decoder', encoderDecoder],
  [`lstm in bf16, ${pairInstructions()}`, roundedLstm],
]
