//! The floating-point mode of the thread.

use std::marker::PhantomData;

/// Flushes subnormal operands and results to zero until dropped, then restores the previous mode. Stays on its thread.
#[derive(Debug)]
#[must_use = "the mode lasts only as long as the guard"]
pub struct FloatModeGuard {
    previous: register::Mode,
    not_send: PhantomData<*const ()>,
}

/// Flushes subnormals to zero on this thread while the guard lives: subnormals are slow, and too small to matter here.
///
/// A thread started meanwhile inherits the mode. CPUs differ in one case, a result that rounding lifts to the smallest normal
/// number: x86-64 keeps the result; AArch64 looks before rounding and flushes the result.
pub fn flush_subnormals() -> FloatModeGuard {
    let previous = register::get();
    register::set(previous | register::FLUSH);
    FloatModeGuard { previous, not_send: PhantomData }
}

impl Drop for FloatModeGuard {
    fn drop(&mut self) {
        register::set(self.previous);
    }
}

#[cfg(target_arch = "x86_64")]
mod register {
    use std::arch::asm;

    pub(super) type Mode = u32;
    /// FTZ (results) and DAZ (operands) of MXCSR.
    pub(super) const FLUSH: Mode = 1 << 15 | 1 << 6;

    pub(super) fn get() -> Mode {
        let mut mode: Mode = 0;
        // SAFETY: the instruction stores MXCSR to the four bytes of `mode`; every x86-64 CPU has MXCSR.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mode, options(nostack, preserves_flags)) };
        mode
    }

    pub(super) fn set(mode: Mode) {
        // SAFETY: `mode` comes from `get` with at most the two flush bits added, so no exception is unmasked.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const mode, options(nostack, preserves_flags)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod register {
    use std::arch::asm;

    pub(super) type Mode = u64;
    /// FZ of FPCR, operands and results.
    pub(super) const FLUSH: Mode = 1 << 24;

    pub(super) fn get() -> Mode {
        let mode: Mode;
        // SAFETY: the instruction reads FPCR, which every AArch64 CPU has.
        unsafe { asm!("mrs {}, fpcr", out(reg) mode, options(nomem, nostack, preserves_flags)) };
        mode
    }

    pub(super) fn set(mode: Mode) {
        // SAFETY: `mode` comes from `get` with at most the flush bit added.
        unsafe { asm!("msr fpcr, {}", in(reg) mode, options(nostack, preserves_flags)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod register {
    pub(super) type Mode = u32;
    pub(super) const FLUSH: Mode = 0;

    pub(super) fn get() -> Mode {
        0
    }

    pub(super) fn set(_: Mode) {}
}
