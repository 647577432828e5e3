//! From the JSON object to conditions. Errors are seen from inside `when`.

use serde_json::{Map, Value};

use super::attributes::{self, METADATA, NAMES, TAGS};
use super::test::{Order, Presence, Scalar, Test};
use super::{Condition, Invalid};
use crate::domain::glob::{Case, Glob};

/// Deepest nesting of plain objects: attributes are dotted names, not trees.
const MAX_DEPTH: usize = 8;

const OPERATORS: &str = "$in, $nin, $ne, $gt, $gte, $lt, $lte, $exists, $prefix, $glob";

pub(super) fn conditions(object: &Map<String, Value>) -> Result<Vec<Condition>, Invalid> {
    let mut conditions = Vec::new();
    for (key, value) in object {
        if key.starts_with('$') {
            return Err(Invalid::new(
                key,
                "An operator stands under an attribute, as in {\"model\": {\"$in\": [\"a\"]}}.",
            ));
        }
        read(key.clone(), value, MAX_DEPTH, &mut conditions)?;
    }
    Ok(conditions)
}

fn read(name: String, value: &Value, depth: usize, conditions: &mut Vec<Condition>) -> Result<(), Invalid> {
    let Value::Object(object) = value else {
        let test = Test::Equals(scalar(&name, value)?);
        conditions.push(Condition { attribute: known(name)?, test });
        return Ok(());
    };
    let operators = object.keys().filter(|key| key.starts_with('$')).count();
    match operators {
        _ if object.is_empty() => Err(Invalid::new(
            name,
            "An empty object says nothing; give a value, an operator such as $exists, or leave it out.",
        )),
        0 if depth == 0 => Err(Invalid::new(name, "It is nested too deeply.")),
        0 => object.iter().try_for_each(|(key, value)| read(format!("{name}.{key}"), value, depth - 1, conditions)),
        count if count == object.len() => {
            let attribute = known(name)?;
            for (operator, operand) in object {
                let test = operator_test(operator, operand).map_err(|invalid| invalid.within(&attribute))?;
                conditions.push(Condition { attribute: attribute.clone(), test });
            }
            Ok(())
        }
        _ => Err(Invalid::new(name, "Operators and plain keys may not be mixed in one object.")),
    }
}

fn known(name: String) -> Result<String, Invalid> {
    if attributes::exists(&name) {
        return Ok(name);
    }
    let message = format!(
        "A request has no attribute `{name}`; there are {}, {METADATA}.<key> and {TAGS}.<key>.",
        NAMES.join(", ")
    );
    Err(Invalid::new(name, message))
}

fn operator_test(operator: &str, operand: &Value) -> Result<Test, Invalid> {
    match operator {
        "$in" => scalars(operator, operand).map(Test::In),
        "$nin" => scalars(operator, operand).map(Test::NotIn),
        "$ne" => scalar(operator, operand).map(Test::Differs),
        "$gt" => bound(operator, operand, Order::Greater),
        "$gte" => bound(operator, operand, Order::GreaterOrEqual),
        "$lt" => bound(operator, operand, Order::Less),
        "$lte" => bound(operator, operand, Order::LessOrEqual),
        "$exists" => match operand {
            Value::Bool(true) => Ok(Test::Is(Presence::Present)),
            Value::Bool(false) => Ok(Test::Is(Presence::Missing)),
            _ => Err(Invalid::new(operator, "Its operand must be true or false.")),
        },
        "$prefix" => text(operator, operand).map(|prefix| Test::BeginsWith(prefix.to_owned())),
        "$glob" => Glob::parse(operator, text(operator, operand)?, Case::Sensitive).map(Test::Fits),
        _ => Err(Invalid::new(operator, format!("There is no operator `{operator}`; there are {OPERATORS}."))),
    }
}

fn scalar(key: &str, value: &Value) -> Result<Scalar, Invalid> {
    match value {
        Value::String(text) => Some(Scalar::Text(text.clone())),
        Value::Number(number) => number.as_f64().map(Scalar::Number),
        Value::Bool(truth) => Some(Scalar::Bool(*truth)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
    .ok_or_else(|| {
        Invalid::new(
            key,
            "It must be a string, a number or a boolean; write $in for a list and $exists: false for absence.",
        )
    })
}

fn scalars(operator: &str, operand: &Value) -> Result<Vec<Scalar>, Invalid> {
    match operand {
        Value::Array(values) if !values.is_empty() => values.iter().map(|value| scalar(operator, value)).collect(),
        _ => Err(Invalid::new(operator, "Its operand must be an array of at least one value.")),
    }
}

fn bound(operator: &str, operand: &Value, order: Order) -> Result<Test, Invalid> {
    match operand.as_f64() {
        Some(bound) => Ok(Test::Lies(order, bound)),
        None => Err(Invalid::new(operator, "Its operand must be a number.")),
    }
}

fn text<'v>(operator: &str, operand: &'v Value) -> Result<&'v str, Invalid> {
    operand.as_str().ok_or_else(|| Invalid::new(operator, "Its operand must be a string."))
}
