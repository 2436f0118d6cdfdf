//! Logits and targets far out, at borders, and in rows of any width.

use super::*;

/// Each row of one element: its loss and its slope.
fn each<E: Element>(json: &str, x: E, t: E) -> (f64, f64) {
    let (loss, x, t) = (loss(json, 1), [x], [t]);
    let targets = Targets::Values(Matrix::new(&t, 1, 1));
    let slope = backward(&loss, &x, targets, 1.0)[0].to_f64();
    (forward(&loss, &x, targets).0[0], slope)
}

fn check<E: Element>(json: &str, cases: &[(f64, f64, f64, f64)]) {
    for &(x, t, value, slope) in cases {
        let (x, t) = (E::from_f64(x), E::from_f64(t));
        let actual = each(json, x, t);
        let near = |a: f64, e: f64| (a - e).abs() <= 4.0 * E::EPSILON.to_f64() * e.abs();
        assert!(near(actual.0, value) && near(actual.1, slope), "{json} of {x} for {t}: {actual:?}");
    }
}

fn check_both(json: &str, cases: &[(f64, f64, f64, f64)]) {
    check::<f32>(json, cases);
    check::<f64>(json, cases);
}

/// x, t, the loss and its slope.
#[test]
fn binary_cross_entropy_far_out() {
    let small = 4.248_354_255_291_589e-18; // ln(1 + e^-40) and e^-40 / (1 + e^-40), by Python's decimal
    let (half, far) = (std::f64::consts::LN_2, 2f64.powi(100));
    check_both(
        r#"{"binaryCrossEntropy":{}}"#,
        &[
            (1000.0, 0.0, 1000.0, 1.0),
            (1000.0, 1.0, 0.0, 0.0),
            (-1000.0, 0.0, 0.0, 0.0),
            (-1000.0, 1.0, 1000.0, -1.0),
            (1000.0, 0.25, 750.0, 0.75),
            (-1000.0, 0.25, 250.0, -0.25),
            (far, 0.0, far, 1.0),
            (far, 1.0, 0.0, 0.0),
            (-far, 0.0, 0.0, 0.0),
            (-far, 1.0, far, -1.0),
            // Neither cancels: the loss of a sure answer is small, not zero.
            (40.0, 1.0, small, 0.0),
            (-40.0, 0.0, small, small),
            (0.0, 0.0, half, 0.5),
            (-0.0, 1.0, half, -0.5),
            (0.0, 0.5, half, 0.0),
        ],
    );
}

#[test]
fn errors_far_out_and_at_their_borders() {
    // Whole numbers and powers of two, so that every result is exact in both types.
    let far = 2f64.powi(60);
    check_both(
        r#"{"meanSquared":{}}"#,
        &[
            (far, 0.0, far * far, 2.0 * far),
            (0.0, far, far * far, -2.0 * far),
            (-far, far, 4.0 * far * far, -4.0 * far),
            (far, far, 0.0, 0.0),
            (2.0, -1.0, 9.0, 6.0),
        ],
    );
    check_both(
        r#"{"meanAbsolute":{}}"#,
        &[
            (far, 0.0, far, 1.0),
            (0.0, far, far, -1.0),
            (-far, far, 2.0 * far, -1.0),
            (far, far, 0.0, 0.0),
            (0.0, -0.0, 0.0, 0.0),
        ],
    );
    check_both(
        r#"{"huber":{"delta":2.0}}"#,
        &[
            (far, 0.0, 2.0 * far - 2.0, 2.0),
            (0.0, far, 2.0 * far - 2.0, -2.0),
            (-far, far, 4.0 * far - 2.0, -2.0),
            // The parabola ends where the line begins.
            (3.0, 1.0, 2.0, 2.0),
            (1.0, 3.0, 2.0, -2.0),
            (3.5, 1.0, 3.0, 2.0),
            (2.5, 1.0, 1.125, 1.5),
            (-1.0, -1.0, 0.0, 0.0),
        ],
    );
    // Its default is PyTorch's.
    check_both(r#"{"huber":{}}"#, &[(1.5, 0.5, 0.5, 1.0), (3.0, 0.0, 2.5, 1.0), (0.5, 0.0, 0.125, 0.5)]);
}

/// Worked by hand: e^x - t x, with slope e^x - t.
#[test]
fn counts_at_rates_of_all_sizes() {
    let e = std::f64::consts::E;
    check_both(
        r#"{"poisson":{}}"#,
        &[
            (0.0, 0.0, 1.0, 1.0),
            (0.0, 3.0, 1.0, -2.0),
            (1.0, 0.0, e, e),
            (1.0, 2.0, e - 2.0, e - 2.0),
            (-1.0, 4.0, 1.0 / e + 4.0, 1.0 / e - 4.0),
            (-1000.0, 2.0, 2000.0, -2.0),
        ],
    );
}

#[test]
fn cross_entropy_far_out() {
    let x = [1e30f32, -1e30, 0.0];
    let far = f64::from(1e30_f32);
    for (class, value, met, gradient) in
        [(0, 0.0, 1, [0.0, 0.0, 0.0]), (1, 2.0 * far, 0, [1.0, -1.0, 0.0]), (2, far, 0, [1.0, 0.0, -1.0])]
    {
        let loss = loss(r#"{"crossEntropy":{}}"#, 3);
        assert_eq!(forward(&loss, &x, Targets::Classes(&[class])), (vec![value], vec![met]));
        assert_eq!(backward(&loss, &x, Targets::Classes(&[class]), 1.0), gradient);
    }
    // Equal logits are even chances, however large; the first is the likeliest.
    for size in [0.0, 1e10, -1e12, 1e16, 1e30, -1e30] {
        let even = loss(r#"{"crossEntropy":{}}"#, 4);
        let (losses, correct) = forward(&even, &[size; 8], Targets::Classes(&[0, 3]));
        assert_eq!(correct, [1, 0]);
        for value in losses {
            assert!((value - 4f64.ln()).abs() <= 4.0 * f64::EPSILON, "{size}: {value}");
        }
        let d = backward(&even, &[size; 8], Targets::Classes(&[0, 3]), 1.0);
        assert_eq!(d, [-0.75, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, -0.75]);
        // Smoothing and weights share the chances among the classes, each of which is as surprising.
        let shared = loss(r#"{"crossEntropy":{"labelSmoothing":0.5,"classWeights":[2,1,3,2]}}"#, 4);
        let (losses, _) = forward(&shared, &[size; 4], Targets::Classes(&[2]));
        close(&losses, &[(0.5 * 3.0 + 0.5 / 4.0 * 8.0) * 4f64.ln()]);
    }
    // Neighbors of one size: the next numbers below 2^30 and above it are 64 and 128 apart.
    let near = loss(r#"{"crossEntropy":{}}"#, 2);
    let x = [2f32.powi(30), 2f32.powi(30) - 64.0];
    close(&forward(&near, &x, Targets::Classes(&[1])).0, &[64.0]);
}

/// Smoothing of everything spreads all of the target; a class without weight counts for nothing.
#[test]
fn smoothing_and_weights_at_their_borders() {
    let x = [1.0, 2.0, 4.0];
    let log_sum = x.iter().map(|x: &f64| x.exp()).sum::<f64>().ln();
    let all = loss(r#"{"crossEntropy":{"labelSmoothing":1}}"#, 3);
    for class in 0..3 {
        let targets = Targets::Classes(std::slice::from_ref(&class));
        close(&forward(&all, &x, targets).0, &[log_sum - 7.0 / 3.0]);
        let expected = x.map(|x| (x - log_sum).exp() - 1.0 / 3.0);
        close(&backward(&all, &x, targets, 1.0), &expected);
    }
    let free = loss(r#"{"crossEntropy":{"classWeights":[0,2,1]}}"#, 3);
    let targets = Targets::Classes(&[0]);
    assert_eq!((free.weight::<f64>(targets), free.valid::<f64>(targets)), (0.0, 1));
    assert_eq!(forward(&free, &x, targets), (vec![0.0], vec![0]));
    assert_eq!(backward(&free, &x, targets, 1.0), [0.0; 3]);
    assert_eq!(forward(&free, &[1e30f32, -1e30, 0.0], Targets::Classes(&[0])).0, [0.0]);
}

/// An ignored row has no loss, match, weight or gradient, whatever its logits are.
#[test]
fn an_ignored_row_is_not_looked_at() {
    let some = loss(r#"{"crossEntropy":{"ignore":1,"labelSmoothing":0.25}}"#, 2);
    let x = [f64::NAN, f64::INFINITY, 3.0, -2.0, f64::NEG_INFINITY, f64::NAN];
    let targets = Targets::Classes(&[1, 0, 1]);
    let (losses, correct) = forward(&some, &x, targets);
    let [before, between, after] = losses[..] else { panic!("three rows") };
    assert_eq!((before, after, correct), (0.0, 0.0, vec![0, 1, 0]));
    assert_eq!(between, forward(&some, &x[2..4], Targets::Classes(&[0])).0[0]);
    assert_eq!((some.weight::<f64>(targets), some.valid::<f64>(targets)), (1.0, 1));
    let d = backward(&some, &x, targets, 1.0);
    assert_eq!([d[0], d[1], d[4], d[5]], [0.0; 4]);
    assert!(d[2] != 0.0 && d[3] != 0.0);
}

/// The sum of a row has all of its elements, once each, at every width.
#[test]
fn rows_of_every_width() {
    for width in 1..=35_usize {
        let x: Vec<f32> = (0..2 * width).map(|i| (i * i % 23) as f32 - 9.0).collect();
        let t: Vec<f32> = (0..2 * width).map(|i| (i * 5 % 13) as f32 - 4.0).collect();
        let rows = |of: &dyn Fn(f64) -> f64| -> Vec<f64> {
            let each: Vec<f64> = x.iter().zip(&t).map(|(x, t)| of(f64::from(x - t))).collect();
            each.chunks(width).map(|row| row.iter().sum()).collect()
        };
        let targets = Targets::Values(Matrix::new(&t, 2, width));
        let squared = loss(r#"{"meanSquared":{}}"#, width);
        assert_eq!(forward(&squared, &x, targets).0, rows(&|e| e * e), "width {width}");
        let slopes: Vec<f32> = x.iter().zip(&t).map(|(x, t)| 2.0 * (x - t)).collect();
        assert_eq!(backward(&squared, &x, targets, 1.0), slopes, "width {width}");
        let absolute = loss(r#"{"meanAbsolute":{}}"#, width);
        assert_eq!(forward(&absolute, &x, targets).0, rows(&f64::abs), "width {width}");
        assert_eq!((squared.valid(targets), squared.weight(targets)), (2 * width as u64, 2.0 * width as f64));
    }
}

/// Hits of binary cross-entropy: elements on the target's side, the border with the noes.
#[test]
fn hits_at_the_border() {
    let yes_or_no = loss(r#"{"binaryCrossEntropy":{}}"#, 6);
    let x = [0.0f32, -0.0, 1e-30, -1e-30, 1e30, -1e30];
    let met = |t: [f32; 6]| forward(&yes_or_no, &x, Targets::Values(Matrix::new(&t, 1, 6))).1[0];
    assert_eq!(met([0.0; 6]), 4);
    assert_eq!(met([1.0; 6]), 2);
    assert_eq!(met([0.5; 6]), 4);
    assert_eq!(met([0.0, 0.0, 1.0, 0.0, 1.0, 0.0]), 6);
}
