/** Content of a progress line. */
export interface Step {
  readonly epoch: number
  readonly step: number
  readonly steps: number
  /** Steps since the start of this program: fewer than `step` in a run that goes on. */
  readonly taken: number
  /** Nats a character, smoothed. */
  readonly loss: number
  readonly characters: number
  readonly seconds: number
}

/** A live line on a terminal; a line every five seconds elsewhere. */
export class ProgressLine {
  readonly #output: NodeJS.WriteStream
  #shown = Number.NEGATIVE_INFINITY

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  update(step: Step): void {
    const now = performance.now()
    if (now - this.#shown < (this.#output.isTTY ? 100 : 5000)) return
    this.#shown = now
    this.#output.write(this.#output.isTTY ? `\r\x1b[K${words(step)}` : `${words(step)}\n`)
  }

  end(text: string): void {
    this.#output.write(this.#output.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`)
  }
}

function words({ epoch, step, steps, taken, loss, characters, seconds }: Step): string {
  const left = (seconds / taken) * (steps - step)
  return [
    `epoch ${epoch}`,
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `${(loss / Math.LN2).toFixed(3)} bits/char`,
    `${Math.round(characters / seconds).toLocaleString('en')} chars/s`,
    `${Math.ceil(left)} s left`,
  ].join('  ')
}
