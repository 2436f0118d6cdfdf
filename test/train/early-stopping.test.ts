import { describe, expect, test } from 'vitest'
import { EarlyStopping, type EarlyStoppingOptions } from '../../ts/train/early-stopping.js'
import { fakeModel, termOf } from '../support/fake-model.js'

const NAMES = [
  'loss',
  'accuracy',
  'perplexity',
  'validationLoss',
  'validationAccuracy',
  'validationPerplexity',
  'validationError',
]

/** Shows a sequence of values; the epoch that it stopped at, none if it did not, and the weights it would restore. */
function watch(
  options: EarlyStoppingOptions,
  values: readonly number[],
  names: readonly string[] = NAMES,
) {
  const watched = options.monitor ?? (names.includes('validationLoss') ? 'validationLoss' : 'loss')
  const stopping = new EarlyStopping(options, names)
  for (const [at, value] of values.entries()) {
    const epoch = at + 1
    // The others go the other way, so that watching one of them shows.
    const others = Object.fromEntries(names.map((name) => [name, -value]))
    const record = { ...others, epoch, loss: -value, seconds: 0, [watched]: value }
    const stop = stopping.update(record, () => Float32Array.of(epoch))
    if (stop) return { stopped: epoch, best: stopping.best?.[0] }
  }
  return { stopped: undefined, best: stopping.best?.[0] }
}

describe('which way is better', () => {
  test.each([
    ['loss', 'min'],
    ['accuracy', 'max'],
    ['perplexity', 'min'],
    ['validationLoss', 'min'],
    ['validationAccuracy', 'max'],
    ['validationPerplexity', 'min'],
    ['validationError', 'min'],
  ] as const)('%s goes to its %s, unless the other way is asked for', (monitor, usual) => {
    const falling = [5, 4, 3, 2]
    const rising = [2, 3, 4, 5]
    const [better, worse] = usual === 'min' ? [falling, rising] : [rising, falling]
    const other = usual === 'min' ? 'max' : 'min'
    for (const options of [{ monitor }, { monitor, mode: usual }]) {
      expect(watch(options, better)).toEqual({ stopped: undefined, best: undefined })
      expect(watch(options, worse)).toEqual({ stopped: 2, best: 1 })
    }
    expect(watch({ monitor, mode: other }, better)).toEqual({ stopped: 2, best: 1 })
    expect(watch({ monitor, mode: other }, worse)).toEqual({ stopped: undefined, best: undefined })
  })

  test('without a monitor it is the loss, of the validation if there is one', () => {
    expect(watch({}, [5, 4, 6], ['loss', 'accuracy'])).toEqual({ stopped: 3, best: 2 })
    expect(watch({}, [5, 4, 6])).toEqual({ stopped: 3, best: 2 })
  })
})

describe('when it stops', () => {
  test('patience counts epochs in a row without a better one', () => {
    const values = [5, 6, 6, 4, 5, 5, 5, 1]
    expect(watch({ patience: 1 }, values)).toEqual({ stopped: 2, best: 1 })
    expect(watch({ patience: 2 }, values)).toEqual({ stopped: 3, best: 1 })
    expect(watch({ patience: 3 }, values)).toEqual({ stopped: 7, best: 4 })
    expect(watch({ patience: 4 }, values)).toEqual({ stopped: undefined, best: undefined })
    expect(watch({ patience: 4 }, values.slice(0, 7))).toEqual({ stopped: undefined, best: 4 })
  })

  test('an equal value is not better', () => {
    expect(watch({ monitor: 'loss' }, [2, 2])).toEqual({ stopped: 2, best: 1 })
    expect(watch({ monitor: 'accuracy' }, [0.5, 0.5])).toEqual({ stopped: 2, best: 1 })
  })

  test('a better value beats the best by more than minDelta', () => {
    const slow = [4, 3.5, 3]
    expect(watch({ minDelta: 0.25 }, slow)).toEqual({ stopped: undefined, best: undefined })
    expect(watch({ minDelta: 0.5 }, slow)).toEqual({ stopped: 2, best: 1 })
    // The best stays where it was, so that small steps add up.
    expect(watch({ minDelta: 0.5, patience: 2 }, slow)).toEqual({
      stopped: undefined,
      best: undefined,
    })
    const rising = { monitor: 'accuracy', minDelta: 0.25 }
    expect(watch(rising, [0.25, 0.75])).toEqual({ stopped: undefined, best: undefined })
    expect(watch(rising, [0.25, 0.5])).toEqual({ stopped: 2, best: 1 })
  })

  test('restoreBest: false keeps no weights', () => {
    for (const patience of [1, 5]) {
      const options = { restoreBest: false, patience }
      expect(watch(options, [1, 2, 3]).best).toBeUndefined()
    }
  })
})

describe('the weights that a run ends with', () => {
  /** The fake's one weight counts the steps done, one an epoch. */
  async function weightAfter(losses: readonly number[], earlyStopping?: EarlyStoppingOptions) {
    const { model, native } = fakeModel()
    native.report = (step) => ({ terms: [termOf(losses[step - 1] ?? 0, 1)] })
    const history = await model.fit(
      { x: [[[1]]], y: [[1]] },
      { loss: 'meanSquared', epochs: losses.length, ...(earlyStopping && { earlyStopping }) },
    )
    return [native.weights[0], history.epochs.length, history.stopped]
  }

  test('are the best ones if it runs to the last epoch, too', async () => {
    expect(await weightAfter([3, 1, 2], { patience: 5 })).toEqual([2, 3, undefined])
    expect(await weightAfter([1, 2, 3], { patience: 5 })).toEqual([1, 3, undefined])
    expect(await weightAfter([3, 2, 1], { patience: 5 })).toEqual([3, 3, undefined])
  })

  test('are the best ones if it stops', async () => {
    expect(await weightAfter([3, 1, 2, 2, 0], { patience: 2 })).toEqual([2, 4, 'earlyStopping'])
    expect(await weightAfter([3, 1, 2], { patience: 1 })).toEqual([2, 3, 'earlyStopping'])
  })

  test('are the last ones without restoreBest, and without early stopping', async () => {
    const keep = { restoreBest: false }
    expect(await weightAfter([3, 1, 2], { ...keep, patience: 5 })).toEqual([3, 3, undefined])
    expect(await weightAfter([3, 1, 2, 0], keep)).toEqual([3, 3, 'earlyStopping'])
    expect(await weightAfter([3, 1, 2])).toEqual([3, 3, undefined])
  })

  test('are those of the best validation, not of the best training', async () => {
    const { model, native } = fakeModel()
    const hits = [1, 3, 2]
    // The loss of training falls all the time; an evaluation is step 0 and comes after each epoch.
    native.report = (step) => ({
      terms: [step === 0 ? termOf(1, 4, hits.shift()) : termOf(9 - step, 4)],
    })
    const data = { x: [[[1]]], y: [[1]] }
    const history = await model.fit(data, {
      loss: 'meanSquared',
      metrics: ['accuracy'],
      validation: data,
      epochs: 3,
      earlyStopping: { monitor: 'validationAccuracy' },
    })
    const seen = [0.25, 0.75, 0.5].map((validationAccuracy) => ({ validationAccuracy }))
    expect(history.epochs).toMatchObject(seen)
    expect([native.weights[0], history.stopped]).toEqual([2, 'earlyStopping'])
  })
})
