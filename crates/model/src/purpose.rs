//! What health data may be used for a second time.

use serde::{Deserialize, Serialize};

use crate::Text;

/// The purposes of Regulation (EU) 2025/327, article 53(1). Anything else is
/// prohibited, article 54 names the worst of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// 53(1)(a): public health and occupational health.
    PublicHealth,
    /// 53(1)(b): policy making and regulatory activities.
    Policy,
    /// 53(1)(c): official statistics.
    Statistics,
    /// 53(1)(d): education and teaching at vocational or higher level.
    Education,
    /// 53(1)(e): scientific research in the health or care sector.
    Research,
    /// 53(1)(f): improving the delivery and personalisation of care.
    Care,
}

impl Purpose {
    /// Every purpose, in the order of the article.
    pub const ALL: [Self; 6] = [
        Self::PublicHealth,
        Self::Policy,
        Self::Statistics,
        Self::Education,
        Self::Research,
        Self::Care,
    ];

    /// The point of the article that allows it.
    pub const fn article(self) -> &'static str {
        match self {
            Self::PublicHealth => "EHDS 53(1)(a)",
            Self::Policy => "EHDS 53(1)(b)",
            Self::Statistics => "EHDS 53(1)(c)",
            Self::Education => "EHDS 53(1)(d)",
            Self::Research => "EHDS 53(1)(e)",
            Self::Care => "EHDS 53(1)(f)",
        }
    }

    /// The same word as in JSON and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicHealth => "public-health",
            Self::Policy => "policy",
            Self::Statistics => "statistics",
            Self::Education => "education",
            Self::Research => "research",
            Self::Care => "care",
        }
    }

    /// What people call it.
    pub fn title(self) -> Text {
        match self {
            Self::PublicHealth => Text::of(
                "Folkehelse og arbeidshelse",
                "Folkesundhed og arbejdsmiljø",
                "Public and occupational health",
            ),
            Self::Policy => Text::of(
                "Politikkutforming og tilsyn",
                "Politikudvikling og regulering",
                "Policy making and regulation",
            ),
            Self::Statistics => {
                Text::of("Offisiell statistikk", "Officiel statistik", "Official statistics")
            }
            Self::Education => Text::of(
                "Utdanning og undervisning",
                "Uddannelse og undervisning",
                "Education and teaching",
            ),
            Self::Research => Text::of(
                "Vitenskapelig forskning på helse og omsorg",
                "Videnskabelig forskning i sundhed og pleje",
                "Scientific research in health or care",
            ),
            Self::Care => Text::of(
                "Bedre og mer persontilpasset behandling",
                "Bedre og mere individuel behandling",
                "Improving and personalising care",
            ),
        }
    }
}
