export type { MatchedLayer, ParityReport } from '../index.js'
