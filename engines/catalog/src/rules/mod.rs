//! The rules of inference: what each concludes, and from what.
