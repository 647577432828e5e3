//! One thing that must be true of an attribute.

use super::attributes::Attribute;
use crate::domain::glob::Glob;

/// A value that an attribute is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}

impl Scalar {
    /// Equal in type and value; a list is equal when one of its elements is.
    fn equals(&self, attribute: &Attribute<'_>) -> bool {
        match (self, attribute) {
            (Self::Text(expected), Attribute::Text(found)) => expected == found.as_ref(),
            (Self::Number(expected), Attribute::Number(found)) => expected == found,
            (Self::Bool(expected), Attribute::Bool(found)) => expected == found,
            (Self::Text(expected), Attribute::List(found)) => found.contains(expected),
            _ => false,
        }
    }
}

/// How a number must lie to the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Whether the attribute must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Equals(Scalar),
    Differs(Scalar),
    In(Vec<Scalar>),
    NotIn(Vec<Scalar>),
    Lies(Order, f64),
    Is(Presence),
    BeginsWith(String),
    Fits(Glob),
}

impl Test {
    pub(super) fn holds(&self, attribute: Option<&Attribute<'_>>) -> bool {
        let Some(found) = attribute else { return matches!(self, Self::Is(Presence::Missing)) };
        match self {
            Self::Equals(value) => value.equals(found),
            Self::Differs(value) => !value.equals(found),
            Self::In(values) => values.iter().any(|value| value.equals(found)),
            Self::NotIn(values) => !values.iter().any(|value| value.equals(found)),
            Self::Lies(order, bound) => match found {
                Attribute::Number(number) => lies(*number, *order, *bound),
                _ => false,
            },
            Self::Is(presence) => *presence == Presence::Present,
            Self::BeginsWith(prefix) => any_text(found, |text| text.starts_with(prefix)),
            Self::Fits(glob) => any_text(found, |text| glob.matches(text)),
        }
    }
}

fn lies(number: f64, order: Order, bound: f64) -> bool {
    match order {
        Order::Greater => number > bound,
        Order::GreaterOrEqual => number >= bound,
        Order::Less => number < bound,
        Order::LessOrEqual => number <= bound,
    }
}

fn any_text(attribute: &Attribute<'_>, accepts: impl Fn(&str) -> bool) -> bool {
    match attribute {
        Attribute::Text(text) => accepts(text),
        Attribute::List(texts) => texts.iter().any(|text| accepts(text)),
        Attribute::Number(_) | Attribute::Bool(_) => false,
    }
}
