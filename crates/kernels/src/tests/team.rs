//! A team of any size, with or without its helpers, gives the bits of one thread.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::support::{bits, cast, values};
use crate::{
    Activation, Element, GruRecurrent, Kernels, Matrix, MatrixMut, Operands, Packed, Precision, Recurrent,
    Start, Team,
};

/// Enough work at one row to be handed over.
const UNITS: usize = 200;
const DEPTH: usize = 203;

/// Runs `lead` with a team and all of its helpers.
fn with_helpers<R>(members: usize, lead: impl FnOnce(&Team) -> R) -> R {
    let team = Team::new(members);
    let session = team.session();
    std::thread::scope(|scope| {
        for member in 1..members {
            let team = &team;
            scope.spawn(move || team.assist(member, session, std::thread::yield_now));
        }
        let result = lead(&team);
        team.dismiss();
        result
    })
}

fn packed<E: Element>(operands: Operands<E>, gates: usize) -> Packed<E> {
    let mut packed = Packed::transposed(gates * UNITS, DEPTH, gates).with_operands(operands);
    packed.pack(Matrix::new(&cast(&values(1, gates * UNITS * DEPTH)), gates * UNITS, DEPTH));
    packed
}

/// The results of every kernel that splits its units, one after the other.
fn steps<E: Element>(
    kernels: Kernels<E>,
    precision: Precision,
    team: &Team,
    rows: usize,
    reversed: bool,
) -> Vec<E> {
    let operands = kernels.operands(precision);
    let numbers = |seed, columns| cast::<E>(&values(seed, rows * columns));
    let (state, previous, bias) = (numbers(2, DEPTH), numbers(3, UNITS), cast::<E>(&values(4, 4 * UNITS)));
    let view = |data, columns| Matrix::new(data, rows, columns);
    let mut all = Vec::new();

    let mut y = numbers(5, UNITS);
    let (one, three, four) = (packed(operands, 1), packed(operands, 3), packed(operands, 4));
    for start in [Start::Accumulate, Start::Bias(&bias[..UNITS]), Start::Zero] {
        kernels.product(team, MatrixMut::new(&mut y, rows, UNITS), start, view(&state, DEPTH), &one);
        all.extend_from_slice(&y);
    }
    let recurrent =
        |weight, n: usize| Recurrent { state: view(&state, DEPTH), weight, bias: Some(&bias[..n]), reversed };
    let buffer = MatrixMut::new(&mut y, rows, UNITS);
    kernels.activation_step(team, Activation::Tanh, buffer, Some(recurrent(&one, UNITS)));
    all.extend_from_slice(&y);

    let (mut gates, mut c, mut h) = (numbers(6, 4 * UNITS), numbers(7, UNITS), numbers(8, UNITS));
    kernels.lstm_step(
        team,
        MatrixMut::new(&mut gates, rows, 4 * UNITS),
        Some(recurrent(&four, 4 * UNITS)),
        view(&previous, UNITS),
        MatrixMut::new(&mut c, rows, UNITS),
        MatrixMut::new(&mut h, rows, UNITS),
    );
    all.extend([gates, c, h.clone()].concat());

    let (mut gates, mut hn) = (numbers(9, 3 * UNITS), numbers(10, UNITS));
    kernels.gru_step(
        team,
        MatrixMut::new(&mut gates, rows, 3 * UNITS),
        MatrixMut::new(&mut hn, rows, UNITS),
        view(&previous, UNITS),
        GruRecurrent::Product(recurrent(&three, 3 * UNITS)),
        MatrixMut::new(&mut h, rows, UNITS),
    );
    all.extend([gates, hn, h].concat());
    all
}

/// Runs on each instruction set; their bits may differ in bf16.
fn on_each<R>(run: impl Fn(Kernels<f32>) -> R) -> Vec<R> {
    Kernels::<f32>::available().into_iter().map(|isa| run(Kernels::with(isa).unwrap())).collect()
}

#[test]
fn every_size_of_team_gives_the_same_bits() {
    let cases = [
        (Precision::Full, 1),
        (Precision::Full, 5),
        (Precision::Full, 18),
        (Precision::Bf16, 1),
        (Precision::Bf16, 18),
    ];
    for (precision, rows) in cases {
        let run = |kernels, team: &Team| bits(&steps::<f32>(kernels, precision, team, rows, false));
        let alone = on_each(|kernels| run(kernels, &Team::new(1)));
        for members in [2, 3, 16] {
            let team = on_each(|kernels| with_helpers(members, |team| run(kernels, team)));
            assert!(alone == team, "{precision:?}, {rows} rows, {members} members");
            // Without helpers the leader does all shares.
            let absent = on_each(|kernels| run(kernels, &Team::new(members)));
            assert!(alone == absent, "{precision:?}, {rows} rows, {members} members who never come");
        }
    }
}

#[test]
fn the_order_of_the_units_changes_no_bit() {
    for precision in [Precision::Full, Precision::Bf16] {
        for rows in [1, 5, 18] {
            let run =
                |kernels, reversed| bits(&steps::<f32>(kernels, precision, &Team::new(1), rows, reversed));
            assert_eq!(
                on_each(|kernels| run(kernels, false)),
                on_each(|kernels| run(kernels, true)),
                "{rows} rows"
            );
        }
    }
}

/// The shares of a split, sorted.
fn shares(team: &Team, units: usize, macs: usize) -> Vec<Range<usize>> {
    let shares = Mutex::new(Vec::new());
    team.split(units, macs, 0, |share| shares.lock().unwrap().push(share));
    let mut shares = shares.into_inner().unwrap();
    shares.sort_by_key(|share| share.start);
    shares
}

#[test]
fn shares_are_whole_panels_and_cover_every_unit_once() {
    with_helpers(3, |team| {
        assert_eq!(shares(team, 100, 1 << 20), [0..32, 32..64, 64..100]);
        assert_eq!(shares(team, 17, 1 << 20), [0..0, 0..16, 16..17]);
        for _ in 0..2000 {
            assert_eq!(shares(team, 48, 1 << 20), [0..16, 16..32, 32..48]);
        }
    });
}

#[test]
fn little_work_and_single_panels_stay_with_the_leader() {
    let team = Team::new(4);
    assert_eq!(shares(&team, 100, 1000), std::slice::from_ref(&(0..100)));
    assert_eq!(shares(&team, 16, 1 << 30), std::slice::from_ref(&(0..16)));
    assert_eq!(shares(&Team::new(1), 100, 1 << 30), std::slice::from_ref(&(0..100)));
}

#[test]
fn a_panic_of_any_share_reaches_the_leader_and_the_team_goes_on() {
    with_helpers(3, |team| {
        for bad in [0, 16, 32] {
            let work = |share: Range<usize>| assert!(share.start != bad, "share {bad}");
            let outcome = catch_unwind(AssertUnwindSafe(|| team.split(48, 1 << 20, 0, work)));
            assert!(outcome.is_err(), "share {bad}");
            assert_eq!(shares(team, 48, 1 << 20).len(), 3);
        }
    });
}

#[test]
fn a_job_inside_a_job_stays_with_its_caller() {
    with_helpers(2, |team| {
        team.split(32, 1 << 20, 0, |_| assert_eq!(shares(team, 64, 1 << 20), std::slice::from_ref(&(0..64))));
    });
}

#[test]
fn a_helper_of_an_earlier_session_does_not_stay() {
    let team = Team::new(2);
    let session = team.session();
    team.dismiss();
    team.assist(1, session, || {});
    assert_ne!(team.session(), session);
}
