//! The search for a NaN or infinity.

use unrolled_kernels::Element;

/// The index of the first NaN or infinity. The usual answer, none, takes one pass without a branch.
pub(crate) fn first_non_finite<E: Element>(values: &[E]) -> Option<usize> {
    let all = values.iter().fold(true, |all, x| all & x.is_finite());
    if all { None } else { values.iter().position(|x| !x.is_finite()) }
}

/// The largest magnitude.
pub(crate) fn largest<E: Element>(values: &[E]) -> f64 {
    values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()))
}

#[cfg(test)]
mod tests {
    use super::first_non_finite;

    #[test]
    fn the_first_of_several_is_found() {
        let mut values = [1.0_f32; 37];
        assert_eq!(first_non_finite(&values), None);
        assert_eq!(first_non_finite::<f64>(&[]), None);
        for (i, bad) in [(36, f32::NAN), (20, f32::INFINITY), (3, f32::NEG_INFINITY)] {
            values[i] = bad;
            assert_eq!(first_non_finite(&values), Some(i));
        }
    }
}
