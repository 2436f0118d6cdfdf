//! The rate of each step.

use unrolled_core::optimizer::Decay;

use super::archive::{Golden, assert_close};

#[test]
fn rates_are_pytorchs() {
    let golden = Golden::read("optimizers");
    let cases: Vec<_> = golden.cases().filter(|case| case.name.starts_with("schedule_")).collect();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let schedule: Decay = serde_json::from_value(case.facts["schedule"].clone()).unwrap();
        schedule.check().unwrap();
        let expected = &case.tensor("rates").values;
        let actual: Vec<f64> = (0..expected.len() as u64).map(|step| schedule.factor(step)).collect();
        assert_close(case.name, &actual, expected, 1e-14);
    }
}
