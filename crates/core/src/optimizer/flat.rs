//! An optimizer over the flat arena of parameters.

use std::ops::Range;
use std::sync::Arc;

use unrolled_kernels::{Element, Kernels};

use super::OptimizerConfig;
use super::reach::Reach;
use super::rule::Rule;
use crate::finite::{first_non_finite, largest};
use crate::memory::copied;
use crate::parallel::Pool;
use crate::{Error, Result};

/// An update rule with its number of steps and its slots.
#[derive(Clone, Debug)]
pub struct Optimizer<E> {
    rule: Rule<E>,
    length: usize,
    /// The elements that it updates, from the first to the last.
    parts: Arc<[Range<usize>]>,
    steps: u64,
    /// Bounds of the magnitudes in the slots.
    reach: Reach,
}

/// One update of the parameters.
pub struct Update<'a, E> {
    /// The learning rate.
    pub rate: f64,
    /// A bound of the magnitudes of the gradients.
    pub gradient: f64,
    /// A bound of the magnitudes of the parameters.
    pub largest: f64,
    /// The parameters.
    pub values: &'a mut [E],
    /// Their gradients.
    pub gradients: &'a [E],
}

/// A number that an update would have made infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// The slot by name; none for a parameter itself.
    pub slot: Option<&'static str>,
    /// The place among the parameters.
    pub at: usize,
}

impl<E: Element> Optimizer<E> {
    /// An optimizer of `length` parameters that has seen none yet.
    ///
    /// # Errors
    /// `Argument` for an option out of its range, `Size` when there is no memory.
    pub fn new(config: &OptimizerConfig, length: usize) -> Result<Self> {
        config.check()?;
        let (rule, parts) = (Rule::new(config, length)?, std::iter::once(0..length).collect());
        Ok(Self { rule, length, parts, steps: 0, reach: Reach::default() })
    }

    /// Leaves all elements but those of `parts` as they are, in the slots too. Panics for a part that is not within the
    /// length given to [`Optimizer::new`].
    #[must_use]
    pub fn only(self, parts: Vec<Range<usize>>) -> Self {
        let within = |part: &Range<usize>| part.start <= part.end && part.end <= self.length;
        assert!(parts.iter().all(within), "optimizer: expected parts of {}, received {parts:?}", self.length);
        Self { parts: parts.into(), ..self }
    }

    /// Updates `values` by `gradients` at learning rate `rate`. Each element is updated on its own: the bits do not
    /// depend on the pool. Panics when a slice does not have the length given to [`Optimizer::new`].
    pub fn step(&mut self, pool: &Pool, kernels: Kernels<E>, rate: f64, values: &mut [E], gradients: &[E]) {
        assert!(
            values.len() == self.length && gradients.len() == self.length,
            "optimizer: expected {} parameters, received {} and {} gradients",
            self.length,
            values.len(),
            gradients.len()
        );
        self.steps += 1;
        for part in self.parts.iter().cloned() {
            let data = (&mut values[part.clone()], &gradients[part.clone()]);
            self.rule.apply(pool, kernels, rate, self.steps, part, data);
        }
    }

    /// Does as [`Optimizer::step`] unless a parameter or a slot would become infinite or NaN, and gives a bound of the new
    /// parameters. An ordinary update costs no more: bounds tell that nothing can overflow. Near the end of the range the
    /// bounds are measured, and then the update is made where it can be taken back.
    ///
    /// # Errors
    /// `Size` when there is no memory to take an update back. The inner error is the first number that would overflow;
    /// nothing is changed then.
    pub fn update(
        &mut self,
        pool: &Pool,
        kernels: Kernels<E>,
        update: Update<'_, E>,
    ) -> Result<std::result::Result<f64, Overflow>> {
        let Update { rate, gradient, largest: known, values, gradients } = update;
        let after = |reach: Reach, value| Reach { value, ..reach }.after(self.rule.config(), rate, gradient);
        let mut reach = after(self.reach, known);
        if !reach.is_within::<E>() {
            reach = after(self.rule.reach(), largest(values));
        }
        if reach.is_within::<E>() {
            self.step(pool, kernels, rate, values, gradients);
            self.reach = reach;
            return Ok(Ok(reach.value));
        }
        let (mut next, mut changed) = (self.copied()?, copied(values, "a copy of the parameters")?);
        next.step(pool, kernels, rate, &mut changed, gradients);
        if let Some(overflow) = next.overflow(&changed) {
            return Ok(Err(overflow));
        }
        values.copy_from_slice(&changed);
        next.reach = next.rule.reach();
        *self = next;
        Ok(Ok(largest(values)))
    }

    fn overflow(&self, values: &[E]) -> Option<Overflow> {
        let found = |slot, numbers: &[E]| first_non_finite(numbers).map(|at| Overflow { slot, at });
        found(None, values).or_else(|| self.rule.slots().find_map(|(name, slot)| found(Some(name), slot)))
    }

    fn copied(&self) -> Result<Self> {
        Ok(Self { rule: self.rule.copied()?, parts: Arc::clone(&self.parts), ..*self })
    }

    /// The number of steps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes of the slots.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rule.slot_count() * self.length * size_of::<E>()
    }

    /// The slots by PyTorch's names: `momentum_buffer`, `square_avg`, `sum`, `exp_avg`, `exp_avg_sq`. Each is as long
    /// as the parameters.
    #[must_use]
    pub fn state(&self) -> Vec<(&'static str, &[E])> {
        self.rule.slots().collect()
    }

    /// Restores the values of [`Optimizer::steps`] and [`Optimizer::state`], slots in any order. Unchanged on error.
    ///
    /// # Errors
    /// `Format` when a slot is missing, unknown or of another length.
    pub fn restore(&mut self, steps: u64, state: &[(&str, &[E])]) -> Result<()> {
        let slots = self.slots_of(state)?;
        for (slot, values) in self.rule.slots_mut().zip(slots) {
            slot.copy_from_slice(values);
        }
        self.reach = self.rule.reach();
        self.steps = steps;
        Ok(())
    }

    /// The slots in the order of the rule's.
    fn slots_of<'a>(&self, state: &[(&str, &'a [E])]) -> Result<Vec<&'a [E]>> {
        let names: Vec<_> = self.rule.slots().map(|(name, _)| name).collect();
        let found: Vec<_> = state.iter().map(|(name, _)| *name).collect();
        let find = |name: &str| state.iter().find(|(found, _)| *found == name);
        let slots: Option<Vec<_>> = names.iter().map(|name| find(name)).collect();
        let slots = slots.filter(|slots| slots.len() == state.len()).ok_or_else(|| {
            Error::format(format!("optimizer: expected slots {names:?}, received {found:?}"))
        })?;
        if let Some((name, values)) = slots.iter().find(|(_, values)| values.len() != self.length) {
            return Err(Error::format(format!(
                "optimizer slot '{name}': expected {} elements, received {}",
                self.length,
                values.len()
            )));
        }
        Ok(slots.into_iter().map(|&(_, values)| values).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn optimizer<E: Element>(json: &str, length: usize) -> Optimizer<E> {
        Optimizer::new(&serde_json::from_str(json).unwrap(), length).unwrap()
    }

    fn step<E: Element>(optimizer: &mut Optimizer<E>, pool: &Pool, values: &mut [E], gradients: &[E]) {
        optimizer.step(pool, Kernels::detect().unwrap(), 0.1, values, gradients);
    }

    #[test]
    fn pytorch_agrees() {
        // PyTorch 2.15 in f64, from [1, -2, 0.5] at lr=0.1 with the gradients [0.1 (k + 1), -0.3, 0.2 k], k = 0, 1, 2.
        let cases = [
            // SGD
            (r#"{"sgd":{}}"#, [0.94, -1.91, 0.44]),
            // SGD(momentum=0.9, dampening=0.2, weight_decay=0.01)
            (
                r#"{"sgd":{"momentum":0.9,"dampening":0.2,"weightDecay":0.01}}"#,
                [0.91351687296, -1.83915773952, 0.43509963968],
            ),
            // SGD(momentum=0.9, nesterov=True)
            (r#"{"sgd":{"momentum":0.9,"nesterov":true}}"#, [0.85441, -1.75853, 0.3698]),
            // RMSprop(weight_decay=0.01)
            (
                r#"{"rmsprop":{"weightDecay":0.01}}"#,
                [-1.6661448146959428, 0.262911322176809, -2.392606683624687],
            ),
            // RMSprop(alpha=0.9, momentum=0.5)
            (
                r#"{"rmsprop":{"alpha":0.9,"momentum":0.5}}"#,
                [-0.2410336405805267, -0.9103832180151031, -0.2600558393313928],
            ),
            // Adagrad(weight_decay=0.01)
            (
                r#"{"adagrad":{"weightDecay":0.01}}"#,
                [0.7321423746580302, -1.7718106475570137, 0.21081524429869064],
            ),
            // Adam(weight_decay=0.01)
            (
                r#"{"adam":{"weightDecay":0.01}}"#,
                [0.7066100121218836, -1.7000303858818284, 0.24043621744118082],
            ),
            // AdamW(betas=(0.8, 0.99))
            (
                r#"{"adamw":{"beta1":0.8,"beta2":0.99}}"#,
                [0.6999396852385413, -1.6943059079900031, 0.331676472901017],
            ),
        ];
        let pool = Pool::with_threads(1).unwrap();
        for (json, expected) in cases {
            let mut optimizer = optimizer::<f64>(json, 3);
            let mut values = [1.0, -2.0, 0.5];
            for k in 0..3 {
                let k = f64::from(k);
                step(&mut optimizer, &pool, &mut values, &[0.1 * (k + 1.0), -0.3, 0.2 * k]);
            }
            for (value, expected) in values.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-14, "{json}: {value} is not {expected}");
            }
            assert_eq!(optimizer.steps(), 3);
        }
    }

    const ALL: [(&str, &[&str]); 7] = [
        (r#"{"sgd":{}}"#, &[]),
        (r#"{"sgd":{"momentum":0.9}}"#, &["momentum_buffer"]),
        (r#"{"rmsprop":{}}"#, &["square_avg"]),
        (r#"{"rmsprop":{"momentum":0.9}}"#, &["square_avg", "momentum_buffer"]),
        (r#"{"adagrad":{}}"#, &["sum"]),
        (r#"{"adam":{}}"#, &["exp_avg", "exp_avg_sq"]),
        (r#"{"adamw":{}}"#, &["exp_avg", "exp_avg_sq"]),
    ];

    /// Values and gradients of several chunks and a bit.
    fn arena() -> (Vec<f32>, Vec<f32>) {
        let values = (0..50_003).map(|i| (i % 17) as f32 * 0.1 - 0.8).collect();
        (values, (0..50_003).map(|i| (i % 23) as f32 * 0.01 - 0.1).collect())
    }

    #[test]
    fn threads_change_no_bit() {
        let (start, gradients) = arena();
        for (json, _) in ALL {
            let results = [1, 3].map(|threads| {
                let pool = Pool::with_threads(threads).unwrap();
                let (mut optimizer, mut values) = (optimizer::<f32>(json, start.len()), start.clone());
                step(&mut optimizer, &pool, &mut values, &gradients);
                step(&mut optimizer, &pool, &mut values, &gradients);
                values
            });
            assert!(results[0] == results[1] && results[0] != start, "{json}");
        }
    }

    #[test]
    fn a_restored_optimizer_goes_on_to_the_bit() {
        let (start, gradients) = arena();
        let pool = Pool::with_threads(2).unwrap();
        for (json, names) in ALL {
            let (mut whole, mut values) = (optimizer::<f32>(json, start.len()), start.clone());
            step(&mut whole, &pool, &mut values, &gradients);
            let mut resumed = optimizer::<f32>(json, start.len());
            let mut state = whole.state();
            assert_eq!(state.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
            state.reverse();
            resumed.restore(whole.steps(), &state).unwrap();
            let mut again = values.clone();
            step(&mut whole, &pool, &mut values, &gradients);
            step(&mut resumed, &pool, &mut again, &gradients);
            assert!(values == again && resumed.steps() == 2, "{json}");
        }
    }

    #[test]
    fn all_but_some_parts_is_as_it_was() {
        let (start, gradients) = arena();
        let parts = [5..17, 20_000..41_003];
        let (pool, kernels) = (Pool::with_threads(2).unwrap(), Kernels::detect().unwrap());
        let kept = |at: usize| parts.iter().all(|part| !part.contains(&at));
        // The second bound of the gradients has the update made in a copy.
        for ((json, _), gradient) in ALL.into_iter().flat_map(|case| [(case, 1.0), (case, 1e300)]) {
            let (mut all, mut first) = (optimizer::<f32>(json, start.len()), start.clone());
            step(&mut all, &pool, &mut first, &gradients);
            let mut some = optimizer::<f32>(json, start.len()).only(parts.to_vec());
            some.restore(all.steps(), &all.state()).unwrap();
            let (before, mut values, mut whole) = (all.clone(), first.clone(), first.clone());
            step(&mut all, &pool, &mut whole, &gradients);
            let update =
                Update { rate: 0.1, gradient, largest: 10.0, values: &mut values, gradients: &gradients };
            assert!(some.update(&pool, kernels, update).unwrap().is_ok(), "{json}");
            let check = |what: &str, found: &[f32], old: &[f32], new: &[f32]| {
                assert!(new != old, "{json}, {what}");
                for (at, found) in found.iter().enumerate() {
                    let expected = if kept(at) { old[at] } else { new[at] };
                    assert_eq!(found.to_bits(), expected.to_bits(), "{json}, {what}, element {at}");
                }
            };
            check("values", &values, &first, &whole);
            for (((name, found), (_, old)), (_, new)) in
                some.state().into_iter().zip(before.state()).zip(all.state())
            {
                check(name, found, old, new);
            }
        }
    }

    #[test]
    fn foreign_state_is_refused() {
        let (slot, short) = ([1.0f32; 3], [1.0f32; 2]);
        let mut adam = optimizer::<f32>(r#"{"adam":{}}"#, 3);
        let bad: [&[(&str, &[f32])]; 5] = [
            &[],
            &[("exp_avg", &slot)],
            &[("exp_avg", &slot), ("exp_avg", &slot)],
            &[("exp_avg", &slot), ("exp_avg_sq", &slot), ("sum", &slot)],
            &[("exp_avg", &slot), ("exp_avg_sq", &short)],
        ];
        for state in bad {
            assert_eq!(adam.restore(5, state).unwrap_err().code, crate::Code::Format);
        }
        assert!(adam.steps() == 0 && adam.state().iter().all(|(_, values)| *values == [0.0; 3]));
    }

    #[test]
    fn options_are_checked() {
        let config = serde_json::from_str(r#"{"adam":{"beta1":1.5}}"#).unwrap();
        assert!(Optimizer::<f32>::new(&config, 1).unwrap_err().message.contains("adam.beta1"));
    }
}
