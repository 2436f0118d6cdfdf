export {
  type AnyCell,
  type Cell,
  cell,
  type OutputSize,
  type Step,
  type StepInput,
} from './cell/cell.js'
export type { Children } from './cell/children.js'
export {
  type Fold,
  type Folded,
  type FoldOptions,
  fold,
  type NodeSizes,
  type TreeCell,
  treeCell,
} from './cell/fold.js'
export {
  type Along,
  type Recurrence,
  type Scan,
  type ScanOptions,
  type Start,
  scan,
} from './cell/scan.js'
export type { StateSizes, States, TokenStateOptions } from './cell/state.js'
export { stepIndex } from './cell/step-index.js'
export {
  type EncoderDecoderOptions,
  encoderDecoder,
  type NumberSide,
  type TokenSide,
} from './compose/encoder-decoder.js'
export { fromGraph } from './compose/from-graph.js'
export { type GraphContext, graph } from './compose/graph.js'
export type {
  AxisOptions,
  ForestOptions,
  InputKind,
  Inputs,
  TokenOptions,
  VectorOptions,
} from './compose/inputs.js'
export { fromBytes, type LoadOptions, load } from './compose/load.js'
export { type ModelOptions, type SequentialOptions, sequential } from './compose/sequential.js'
export {
  type StackedLayer,
  type StackedLayers,
  type StackedOptions,
  stacked,
} from './compose/stacked.js'
export type {
  Batches,
  Data,
  Examples,
  Packed,
  Position,
  RowWeights,
  SequenceData,
  StepWeights,
  TokenData,
  TokensData,
  VectorData,
  Weights,
} from './data/data.js'
export { type Nested, Result } from './data/result.js'
export { type ErrorCode, UnrolledError } from './errors.js'
export type {
  GraphJson,
  InitJson,
  KindJson,
  NodeJson,
  OpJson,
  ParameterJson,
} from './graph/json.js'
export type { Layer } from './graph/layer.js'
export type { Outputs } from './graph/outputs.js'
export type {
  Alignment,
  AnyValues,
  Nodes,
  Numeric,
  Sequence,
  Token,
  Tokens,
  Value,
  Values,
  Vector,
} from './graph/value.js'
export {
  type Activation,
  type ActivationName,
  type ActivationOptions,
  activation,
  elu,
  gelu,
  hardSigmoid,
  identity,
  leakyRelu,
  type RecurrentActivation,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from './layer/activation.js'
export { type AffineOptions, affine, mix } from './layer/affine.js'
export { divide, maximum, minimum, subtract, where } from './layer/arithmetic.js'
export {
  type Attended,
  type Attention,
  type AttentionOptions,
  type AttentionScore,
  attention,
  type CoverageAttention,
  type Covered,
  type Memory,
} from './layer/attention.js'
export {
  type BidirectionalOptions,
  type BothStates,
  type BothTraces,
  bidirectional,
} from './layer/bidirectional.js'
export {
  type CellOptions,
  type GruCellOptions,
  gruCell,
  type LstmCellOptions,
  lstmCell,
  type RnnCellOptions,
  rnnCell,
  type StepCell,
} from './layer/cells.js'
export { type ChooseOptions, choose } from './layer/choose.js'
export { type ClockworkGroup, type ClockworkOptions, clockwork } from './layer/clockwork.js'
export { add, concat, multiply } from './layer/combine.js'
export {
  type DeepTransition,
  type DeepTransitionOptions,
  deepTransition,
  type Skip,
} from './layer/deep-transition.js'
export { type DelayedOptions, delayed } from './layer/delayed.js'
export { type DenseOptions, dense, type LinearOptions, linear } from './layer/dense.js'
export {
  argmax,
  type GumbelSoftmaxOptions,
  gumbelSoftmax,
  oneHot,
  straightThrough,
} from './layer/discrete.js'
export { type DropoutOptions, dropout } from './layer/dropout.js'
export { type EmbeddingOptions, embedding } from './layer/embedding.js'
export { abs, detach, exp, log, softmaxOverTime, sqrt, sum } from './layer/function.js'
export {
  constant,
  type ParameterInitializer,
  type ParameterOptions,
  parameter,
} from './layer/given.js'
export { type GruOptions, type GruState, type GruTrace, gru } from './layer/gru.js'
export type { GruStepOptions } from './layer/gru-step.js'
export { type GumbelTree, type GumbelTreeOptions, gumbelTree } from './layer/gumbel-tree.js'
export type { Initializer } from './layer/initializer.js'
export { type LayerNormOptions, layerNorm } from './layer/layer-norm.js'
export { type Leaked, type Leaky, type LeakyOptions, leaky } from './layer/leaky.js'
export { type LstmOptions, type LstmState, type LstmTrace, lstm } from './layer/lstm.js'
export type { LstmStepOptions } from './layer/lstm-step.js'
export { type MatmulOptions, matmul } from './layer/matmul.js'
export type { Merge } from './layer/merge.js'
export { type MergedTree, treeOfMerges } from './layer/merges.js'
export { last, lastStep, max, mean, type Pooling, pool, root, sumOverTime } from './layer/pool.js'
export type {
  RecurrentCall,
  RecurrentLayer,
  RecurrentOptions,
  RecurrentStepOptions,
  Stacked,
} from './layer/recurrent.js'
export { repeat } from './layer/repeat.js'
export { type RnnOptions, type RnnState, type RnnTrace, rnn } from './layer/rnn.js'
export type { RnnStepOptions } from './layer/rnn-step.js'
export { type Shift, type ShiftOptions, shift } from './layer/shift.js'
export { type SliceOptions, slice } from './layer/slice.js'
export { type TreeLstm, type TreeLstmOptions, treeLstm } from './layer/tree-lstm.js'
export { type TreeRnn, type TreeRnnOptions, treeRnn } from './layer/tree-rnn.js'
export type { ZoneoutRates } from './layer/zoneout.js'
export type { Contexts, RowContext, RowOf, StepOptions } from './model/context.js'
export type { ExposureGap, ExposureOptions } from './model/exposure-gap.js'
export type { FixedOutputs } from './model/fixed.js'
export type { FreeRunOptions, GenerateFeed, GenerateOptions } from './model/generate.js'
export type { GradientOptions, Gradients, ItemLosses } from './model/gradients.js'
export type { MatchOptions, Sample, WeightsSource } from './model/load.js'
export type { LogProbabilityOptions, SequenceExamples } from './model/log-probability.js'
export type { ForeignTensor, ForeignTensors, Rename } from './model/match.js'
export type { Metadata } from './model/metadata.js'
export { Model } from './model/model.js'
export type { Parameter, ParameterData, Parameters } from './model/parameters.js'
export type { Prediction, PredictOptions } from './model/prediction.js'
export type { MatchedLayer, ParityReport } from './model/report.js'
export type { BytesOptions, SaveOptions } from './model/save-options.js'
export {
  type BeamOptions,
  beam,
  type SampleOptions,
  type Search,
  type SearchLike,
  type SearchName,
  sample,
} from './model/search.js'
export type {
  GeneratedNumbers,
  GeneratedScores,
  GeneratedTokens,
  TokenSequence,
} from './model/sequences.js'
export {
  type RowsStepFeed,
  type RowsStepOf,
  type RowsStepOutputs,
  Session,
} from './model/session.js'
export type { State, StateData } from './model/state.js'
export type { LengthOptions, StopOptions } from './model/stop.js'
export { type StepFeed, type StepOf, type StepOutputs, Stream } from './model/stream.js'
export { version } from './native/binding.js'
export {
  configure,
  type InstructionSet,
  type System,
  type SystemSettings,
  system,
} from './native/system.js'
export type { Precision } from './precision.js'
export type { AverageOptions, CheckpointOptions } from './train/checkpoint.js'
export type { EarlyStoppingOptions } from './train/early-stopping.js'
export type { Scores } from './train/evaluate.js'
export type {
  EpochEvent,
  EpochRecord,
  History,
  StepEvent,
  StopReason,
  TrainEvent,
  TrainMemory,
} from './train/event.js'
export type { ClipOptions, TruncateOptions } from './train/limits.js'
export {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  type HuberOptions,
  huber,
  type Loss,
  type Losses,
  type LossLike,
  type LossName,
  type LossOptions,
  meanAbsolute,
  meanSquared,
  poisson,
} from './train/loss.js'
export type { Metric, MetricBatch, MetricLike, MetricTargets } from './train/metric.js'
export {
  type AdagradOptions,
  type AdamOptions,
  adagrad,
  adam,
  adamw,
  type Optimizer,
  type OptimizerName,
  type OptimizerOptions,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  sgd,
} from './train/optimizer.js'
export type { EvaluateOptions, TrainOptions } from './train/options.js'
export {
  type CosineDecayOptions,
  cosineDecay,
  type ExponentialDecayOptions,
  exponentialDecay,
  type LinearDecayOptions,
  linearDecay,
  type Schedule,
  type StepDecayOptions,
  stepDecay,
} from './train/schedule.js'
export type { Signal } from './train/signal.js'
export { type ParseTreeOptions, parseTree, parseTrees } from './tree/brackets.js'
export {
  balancedTree,
  chainTree,
  type Leaves,
  leftTree,
  randomTree,
  rightTree,
} from './tree/build.js'
export { type CheckTreeOptions, checkTree, checkTrees } from './tree/check.js'
export { type DependencyTree, parseConllu } from './tree/conllu.js'
export { drawTree } from './tree/draw.js'
export { type GridTree, gridTree } from './tree/grid.js'
export { type NestedTree, nestedTree, treeOfChildren } from './tree/nested.js'
export type { Tree, TreeRow, TreeShape } from './tree/tree.js'
export { childrenOf, depthOf, leavesOf } from './tree/walk.js'
export { bracketsOf } from './tree/write.js'
