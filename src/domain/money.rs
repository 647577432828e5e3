//! Money in integers: a cheap model's single token must not round to nothing (SPEC section 6).

use crate::domain::invalid::Invalid;
use crate::domain::usage::TokenCounts;

/// Billionths of a US dollar.
pub type NanoUsd = i64;

/// What D1 can carry exactly: whole numbers below 2^53.
const EXACT: i64 = (1 << 53) - 1;

/// A price in billionths of a US dollar per million tokens, which is 10⁻¹² USD per thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(i64);

impl Price {
    /// One US dollar per thousand tokens.
    const USD_PER_1K: f64 = 1e12;

    /// From USD per thousand tokens, as the API writes it: not negative, at most 1,000, at most 12 decimals.
    pub fn from_usd_per_1k(param: &str, usd: f64) -> Result<Self, Invalid> {
        let scaled = (usd * Self::USD_PER_1K).round();
        if !(0.0..=1000.0).contains(&usd) {
            return Err(Invalid::new(param, format!("{param} must be between 0 and 1000 US dollars per 1,000 tokens")));
        }
        if (scaled / Self::USD_PER_1K - usd).abs() > f64::EPSILON * usd {
            return Err(Invalid::new(param, format!("{param} must have at most 12 decimals")));
        }
        Ok(Self(scaled as i64))
    }

    /// As USD per thousand tokens.
    pub fn usd_per_1k(self) -> f64 {
        self.0 as f64 / Self::USD_PER_1K
    }

    /// From the stored number.
    pub const fn from_stored(value: i64) -> Self {
        Self(value)
    }

    /// The number to store.
    pub const fn stored(self) -> i64 {
        self.0
    }
}

/// A factor on what is billed, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiplier(i64);

impl Multiplier {
    /// Bills what it costs.
    pub const ONE: Self = Self(1_000_000);

    /// From the API's number: above 0, at most 1,000, at most 6 decimals.
    pub fn from_number(param: &str, value: f64) -> Result<Self, Invalid> {
        let scaled = (value * 1e6).round();
        if !value.is_finite() || value <= 0.0 || value > 1000.0 {
            return Err(Invalid::new(param, format!("{param} must be above 0 and at most 1000")));
        }
        if scaled < 1.0 || (scaled / 1e6 - value).abs() > f64::EPSILON * value {
            return Err(Invalid::new(param, format!("{param} must have at most 6 decimals")));
        }
        Ok(Self(scaled as i64))
    }

    /// As the API shows it.
    pub fn number(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// From the stored number of millionths.
    pub const fn from_stored(value: i64) -> Self {
        Self(value)
    }

    /// The number of millionths to store.
    pub const fn stored(self) -> i64 {
        self.0
    }

    /// Scales an amount, rounding halves up.
    pub fn scale(self, cost: NanoUsd) -> NanoUsd {
        rounded(i128::from(cost) * i128::from(self.0))
    }
}

/// The prices of one model; `None` is unknown, and an unknown price counts as nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prices {
    /// Per input token that no cache served.
    pub input: Option<Price>,
    /// Per output token, reasoning included.
    pub output: Option<Price>,
    /// Per input token written to a cache; the input price where it is unknown.
    pub cache_write: Option<Price>,
    /// Per input token read from a cache; the input price where it is unknown.
    pub cache_read: Option<Price>,
}

impl Prices {
    /// What `tokens` may cost while nobody knows which of the input a cache will serve or keep: each of it at the
    /// dearest price of input.
    pub fn most(&self, tokens: &TokenCounts) -> NanoUsd {
        let by_stored = |price: &Price| price.stored();
        let input = [self.input, self.cache_write, self.cache_read].into_iter().flatten().max_by_key(by_stored);
        Self { input, cache_write: input, cache_read: input, ..*self }.cost(tokens)
    }

    /// What `tokens` cost, in billionths of a US dollar: summed exactly, then rounded once, halves up.
    pub fn cost(&self, tokens: &TokenCounts) -> NanoUsd {
        let of = |count: u64, price: Option<Price>| i128::from(count) * i128::from(price.map_or(0, Price::stored));
        rounded(
            of(tokens.input, self.input)
                + of(tokens.output, self.output)
                + of(tokens.cache_write, self.cache_write.or(self.input))
                + of(tokens.cache_read, self.cache_read.or(self.input)),
        )
    }
}

/// Millionths to whole units, halves up, within what D1 carries exactly.
fn rounded(millionths: i128) -> NanoUsd {
    let units = (millionths + 500_000).div_euclid(1_000_000);
    i64::try_from(units).unwrap_or(EXACT).clamp(-EXACT, EXACT)
}

/// An amount in US dollars, exactly, without trailing zeros: `0.00000005`. A JSON number may be spelled so.
pub fn usd(nano: i128) -> String {
    let (sign, nano) = (if nano < 0 { "-" } else { "" }, nano.unsigned_abs());
    let (dollars, rest) = (nano / 1_000_000_000, nano % 1_000_000_000);
    if rest == 0 {
        return format!("{sign}{dollars}");
    }
    let decimals = format!("{rest:09}");
    format!("{sign}{dollars}.{}", decimals.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(usd: f64) -> Option<Price> {
        Some(Price::from_usd_per_1k("cost", usd).expect("a price"))
    }

    #[test]
    fn a_cheap_models_single_token_is_not_free() {
        let prices = Prices { input: price(0.00005), ..Prices::default() };
        assert_eq!(prices.cost(&TokenCounts { input: 1, ..TokenCounts::default() }), 50);
    }

    #[test]
    fn cached_tokens_cost_the_input_price_until_they_have_their_own() {
        let tokens = TokenCounts { input: 10, output: 0, cache_read: 1000, cache_write: 100, reasoning: 0 };
        let plain = Prices { input: price(0.001), ..Prices::default() };
        assert_eq!(plain.cost(&tokens), 1_110_000);
        let cached = Prices { cache_read: price(0.0001), cache_write: price(0.00125), ..plain };
        assert_eq!(cached.cost(&tokens), 10_000 + 100_000 + 125_000);
    }

    #[test]
    fn what_may_be_cached_is_reckoned_at_the_dearest_price() {
        let tokens = TokenCounts { input: 100, output: 10, ..TokenCounts::default() };
        let plain = Prices { input: price(0.001), output: price(0.002), ..Prices::default() };
        assert_eq!(plain.most(&tokens), plain.cost(&tokens));
        let cached = Prices { cache_read: price(0.0001), cache_write: price(0.00125), ..plain };
        assert_eq!(cached.most(&tokens), 125_000 + 20_000);
        assert_eq!(Prices::default().most(&tokens), 0);
    }

    #[test]
    fn prices_and_multipliers_out_of_range_are_refused_by_name() {
        for bad in [-0.1, f64::NAN, f64::INFINITY, 1000.1, 1e-13] {
            assert_eq!(
                Price::from_usd_per_1k("cost_per_1k_input", bad).expect_err("refused").param,
                "cost_per_1k_input"
            );
        }
        for bad in [0.0, -1.0, f64::NAN, 1000.5, 1e-7] {
            assert!(Multiplier::from_number("multiplier", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_amount_is_shown_to_its_last_digit() {
        let shown = [0, 50, 1_500_000_000, 9_007_199_254_740_993, -1, 1_000_000_000].map(usd);
        assert_eq!(shown, ["0", "0.00000005", "1.5", "9007199.254740993", "-0.000000001", "1"]);
    }

    #[test]
    fn the_multiplier_rounds_halves_up() {
        let half = Multiplier::from_number("multiplier", 0.5).expect("valid");
        assert_eq!((half.scale(3), half.scale(2), Multiplier::ONE.scale(7)), (2, 1, 7));
    }

    proptest! {
        #[test]
        fn a_price_reads_back_as_it_was_written(micro in 0u64..1_000_000_000) {
            let usd = micro as f64 / 1e6;
            prop_assert_eq!(Price::from_usd_per_1k("c", usd).expect("valid").usd_per_1k(), usd);
        }

        #[test]
        fn no_count_of_tokens_overflows(input: u64, output: u64, usd in 0.0f64..1000.0) {
            let usd = (usd * 1e6).round() / 1e6;
            let prices = Prices { input: price(usd), output: price(usd), ..Prices::default() };
            let cost = prices.cost(&TokenCounts { input, output, ..TokenCounts::default() });
            prop_assert!((0..=EXACT).contains(&cost));
        }
    }
}
