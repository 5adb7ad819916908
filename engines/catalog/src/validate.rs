//! The check behind `slipway catalog validate`.
