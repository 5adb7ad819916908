//! Who one is: signing in, and what belongs to whoever has.

mod accounts;
mod me;
mod provider;
mod services;
mod settings;
mod sign_in;
mod tokens;

pub use accounts::page as accounts;
pub use me::page as me;
pub use provider::test;
pub use services::page as services;
pub use settings::page as settings;
pub use sign_in::{first, page as sign_in};
pub use tokens::page as tokens;
