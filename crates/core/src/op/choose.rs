//! An id for each row or step: the teacher's, or the model's own choice.

use unrolled_kernels::Element;

use super::discrete::largest;
use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use super::gumbel::gumbel;
use crate::program::{Choose, Instruction, Operand};
use crate::random::{Draws, Stream};
use crate::storage::View;

/// A choice is the same for all scores nearby: its slope is 0.
pub(crate) fn facts(op: Choose) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Stop,
        joint: None,
        sums: Vec::new(),
        work: if op.sample { Work::Exponential } else { Work::Elementwise { weights: 0 } },
    }
}

/// The teacher's id with the probability of the teacher, else the model's own. Outside of training nothing is drawn.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Choose, i: &Instruction) {
    let y = i.outputs[0];
    let stream = Stream::new(f.rng_key.seed, &i.node, f.rng_key.step);
    f.with_scratch(|f, noisy| {
        f.write(Operand::Value(y), |f, rows| {
            let mut rows = rows.matrix();
            for item in f.items(y) {
                let row_of = |input| item.of(f.is_whole(input, y));
                let numbers = |input| f.matrix(Operand::Value(input)).row(row_of(input));
                let [row, time] = f.place_of(item);
                let mut draws = stream.at(row, time);
                let training = f.rng_key.training;
                let ratio = match i.inputs.get(2) {
                    Some(&ratio) => numbers(ratio)[0].to_f64(),
                    None => op.ratios[usize::from(training)],
                };
                let taught = if training { is_drawn(ratio, &mut draws) } else { ratio >= 0.5 };
                let id = match i.inputs.get(1).filter(|_| taught) {
                    Some(&teacher) => f.ids(teacher).at(row_of(teacher)),
                    None if op.sample && training => sample(numbers(i.inputs[0]), noisy, &mut draws),
                    None => largest(numbers(i.inputs[0])) as u32,
                };
                rows.row_mut(item.place)[0] = E::from_f64(f64::from(id));
            }
        });
    });
}

/// True with a probability.
fn is_drawn(probability: f64, draws: &mut Draws) -> bool {
    probability >= 1.0 || probability > 0.0 && draws.uniform() < probability
}

/// A sample of `softmax(scores)`: the largest score under Gumbel's noise.
fn sample<E: Element>(scores: &[E], noisy: &mut Vec<E>, draws: &mut Draws) -> u32 {
    noisy.clear();
    noisy.extend(scores.iter().map(|&x| x + E::from_f64(gumbel(draws))));
    largest(noisy) as u32
}
