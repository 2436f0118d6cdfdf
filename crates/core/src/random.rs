//! Random numbers that can be drawn again in any order, on any thread.
//!
//! The generator is ChaCha with 8 rounds, a function of a key, a stream number and a block counter:
//!
//! | part | bytes | holds |
//! |---|---|---|
//! | key | 0..8 | the seed, little endian |
//! | key | 8..24 | the 128-bit FNV-1a hash of the name, little endian |
//! | key | 24..32 | the step, little endian |
//! | stream | | the row |
//! | block counter | | the time, times 2^24 |
//!
//! So a (seed, name, step, row, time) has 2^28 words of 32 bits of its own, for times below 2^40. Names of nodes
//! contain no NUL; the library's own streams have names that do.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use unrolled_kernels::{Element, math};

/// The random numbers of one node in one step.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// The stream of `name` (a node, or a purpose) in step `step` of a run seeded with `seed`.
    #[must_use]
    pub fn new(seed: u64, name: &str, step: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(&fnv1a(name.as_bytes()).to_le_bytes());
        key[24..].copy_from_slice(&step.to_le_bytes());
        Self { rng: ChaCha8Rng::from_seed(key) }
    }

    /// The numbers of one row at one time, from their beginning.
    #[must_use]
    pub fn at(&self, row: u64, time: u64) -> Draws {
        let mut rng = self.rng.clone();
        rng.set_stream(row);
        // 2^24 blocks of 16 words.
        rng.set_word_pos(u128::from(time) << 28);
        Draws { rng }
    }

    /// A dropout mask: each element is 0 with probability `rate` (in [0, 1], to 2^-32), else `1 / (1 - rate)`.
    pub fn fill_mask<E: Element>(&self, row: u64, time: u64, rate: f64, out: &mut [E]) {
        let dropped = (rate * 4_294_967_296.0).round() as u64;
        let kept = E::from_f64(1.0 / (1.0 - rate));
        let mut draws = self.at(row, time);
        for element in out {
            *element = if u64::from(draws.word()) < dropped { E::ZERO } else { kept };
        }
    }
}

fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = (1 << 88) + 0x13b;
    bytes.iter().fold(OFFSET, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// A sequence of random numbers.
#[derive(Clone, Debug)]
pub struct Draws {
    rng: ChaCha8Rng,
}

impl Draws {
    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        self.rng.next_u32()
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Calls `put(i, x)` with a standard normal `x` for each `i` below `count`.
    pub fn normals(&mut self, count: usize, mut put: impl FnMut(usize, f64)) {
        for i in (0..count).step_by(2) {
            let [first, second] = self.normal_pair();
            put(i, first);
            if i + 1 < count {
                put(i + 1, second);
            }
        }
    }

    /// Two independent standard normal numbers (Marsaglia's polar method).
    pub fn normal_pair(&mut self) -> [f64; 2] {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * math::ln(square) / square).sqrt();
                return [x * scale, y * scale];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv1a() {
        // The vectors of the FNV draft (draft-eastlake-fnv): "", "a", "foobar".
        assert_eq!(fnv1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv1a(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn the_key_is_laid_out_as_documented() {
        let mut key = [0u8; 32];
        key[0] = 7;
        key[8..24].copy_from_slice(&fnv1a(b"dropout").to_le_bytes());
        key[24] = 3;
        let mut expected = ChaCha8Rng::from_seed(key);
        expected.set_stream(5);
        expected.set_word_pos(9 << 28);
        let mut draws = Stream::new(7, "dropout", 3).at(5, 9);
        for _ in 0..100 {
            assert_eq!(draws.word(), expected.next_u32());
        }
    }

    #[test]
    fn bits_never_change() {
        // From a separate ChaCha8 in Python, keyed as the module documents.
        let mut draws = Stream::new(7, "dropout", 3).at(5, 9);
        assert_eq!([(); 4].map(|()| draws.word()), [821_557_910, 906_220_323, 3_408_200_479, 3_267_189_636]);
        assert_eq!(draws.uniform().to_bits(), 0x3fd4_8920_cea3_c656);
    }

    #[test]
    fn every_part_of_the_address_matters() {
        let base = Stream::new(1, "a", 2).at(3, 4).word();
        for other in [
            Stream::new(2, "a", 2).at(3, 4),
            Stream::new(1, "b", 2).at(3, 4),
            Stream::new(1, "a", 3).at(3, 4),
            Stream::new(1, "a", 2).at(4, 4),
            Stream::new(1, "a", 2).at(3, 5),
        ] {
            assert_ne!(other.clone().word(), base);
        }
        assert_eq!(Stream::new(1, "a", 2).at(3, 4).word(), base);
    }

    #[test]
    fn masks_drop_their_share_and_keep_the_mean() {
        let stream = Stream::new(0, "dropout", 0);
        let mut mask = vec![0.0f32; 100_000];
        stream.fill_mask(0, 0, 0.25, &mut mask);
        assert!(mask.iter().all(|&m| m == 0.0 || m == 4.0 / 3.0));
        let dropped = mask.iter().filter(|&&m| m == 0.0).count() as f64;
        // Five standard deviations: sqrt(100000 * 0.25 * 0.75) = 137.
        assert!((dropped - 25_000.0).abs() < 685.0, "{dropped}");

        let mut again = vec![0.0f32; 10];
        stream.fill_mask(0, 0, 0.25, &mut again);
        assert_eq!(again, mask[..10]);
        stream.fill_mask(0, 0, 0.0, &mut mask);
        assert!(mask.iter().all(|&m| m == 1.0));
        stream.fill_mask(0, 0, 1.0, &mut mask);
        assert!(mask.iter().all(|&m| m == 0.0));
    }

    #[test]
    fn uniform_and_normal_have_their_moments() {
        let mut draws = Stream::new(0, "moments", 0).at(0, 0);
        let n = 100_000;
        let uniform: Vec<f64> = (0..n).map(|_| draws.uniform()).collect();
        assert!(uniform.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = uniform.iter().sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 5.0 * (1.0f64 / 12.0 / f64::from(n)).sqrt());
        let normal: Vec<f64> = (0..n / 2).flat_map(|_| draws.normal_pair()).collect();
        let moment = |k: i32| normal.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(n);
        // The variances of x, x^2 and x^4 are 1, 2 and 96.
        for (k, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (4, 3.0, 96.0)] {
            let deviation = (variance / f64::from(n)).sqrt();
            assert!((moment(k) - expected).abs() < 5.0 * deviation, "moment {k}: {}", moment(k));
        }
    }
}
