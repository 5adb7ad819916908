//! Looking at a forge instead of using it: how far one gets on the way there, who one is, and what answers. For the doctor,
//! which asks each thing by itself, so that one that fails hides no other.

mod certificate;
mod greeting;
mod hook;
mod sample;
mod way;
mod who;

pub use certificate::Certificate;
pub use greeting::{Greeting, Rate};
pub use hook::{Hook, HookDelivery};
pub use sample::Sample;
pub use way::{Block, Step, Way, Why, way};
pub use who::{AppSeen, Who};
