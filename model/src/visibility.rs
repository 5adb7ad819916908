//! Who may see a row.

use serde::{Deserialize, Serialize};

/// Every row that is shown carries one of these, in an indexed column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everybody who reaches the portal.
    Public,
    /// Everybody who has signed in.
    SignedIn,
    /// Those who may read that repository at its forge. The safe value, and so the default.
    #[default]
    Readers,
}

impl Visibility {
    pub const ALL: [Self; 3] = [Self::Public, Self::SignedIn, Self::Readers];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed-in",
            Self::Readers => "readers",
        }
    }

    /// An unknown text counts as the strictest.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|visibility| visibility.as_str() == text).unwrap_or_default()
    }
}
