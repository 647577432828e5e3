use super::*;
use crate::plugin::messages::DynamicValue;
use crate::schema::{computed, optional, required};

const LIMITS: &[Attribute] = &[optional("budget_usd", "budget_usd", Type::Number, "")];
const TABLE: &[Attribute] = &[
    required("name", "name", Type::Text, ""),
    optional("tags", "tags", Type::Set(&Type::Text), ""),
    optional("headers", "headers", Type::Map(&Type::Text), ""),
    optional("limits", "limits", Type::Object(LIMITS), ""),
    optional("price", "price", Type::Number, ""),
    optional("when", "when", Type::Json, ""),
    computed("id", "id", Type::Text, ""),
];

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn object() -> Object {
    Object::from([
        ("name".to_owned(), text("é")),
        ("tags".to_owned(), Value::List(vec![text("b"), text("a")])),
        ("headers".to_owned(), Value::Map(Object::from([("X-Key".to_owned(), Value::Unknown)]))),
        ("limits".to_owned(), Value::Map(Object::from([("budget_usd".to_owned(), Value::Number("5".into()))]))),
        ("price".to_owned(), Value::Number("0.00025".into())),
        ("when".to_owned(), Value::Null),
        ("id".to_owned(), Value::Unknown),
    ])
}

#[test]
fn a_value_comes_back_from_the_wire_as_it_was() {
    let packed = encode(TABLE, Some(&object()));
    assert!(decode(TABLE, Some(&packed)) == Ok(Some(object())));
    assert!(decode(TABLE, Some(&encode(TABLE, None))) == Ok(None));
    assert!(decode(TABLE, None) == Ok(None));
}

#[test]
fn a_stored_state_is_read_by_the_schema_of_today() {
    let json = br#"{"name": "n", "price": 2.5e-4, "forgotten": 1, "limits": {"budget_usd": 1}}"#.to_vec();
    let read = decode(TABLE, Some(&DynamicValue { msgpack: vec![], json })).ok().flatten().expect("an object");
    assert!(read["price"] == Value::Number("0.00025".into()));
    assert!(read["tags"] == Value::Null && read["id"] == Value::Null);
    assert!(!read.contains_key("forgotten"));
}

#[test]
fn what_is_no_value_of_the_schema_is_refused_without_being_repeated() {
    for packed in [vec![0x81], vec![0x81, 0xa4, b'n', b'a', b'm', b'e', 0x01], vec![0x01]] {
        let error = decode(TABLE, Some(&DynamicValue { msgpack: packed, json: vec![] })).err().expect("refused");
        assert!(error.to_string().starts_with("Terraform sent a value"));
    }
}

#[test]
fn the_api_s_spelling_of_the_same_is_the_same() {
    let same = |kind, one: &str, other: &str| is_same(kind, &text(one), &text(other));
    assert!(same(Type::Text, " a ", "a") && !same(Type::Text, "a", "A"));
    assert!(same(Type::Address, "https://h/v1/", "https://h/v1"));
    assert!(same(Type::Time, "2030-01-31T13:00:00+01:00", "2030-01-31T12:00:00.000Z"));
    assert!(same(Type::Json, r#"{"a": 1.0, "b": [1e1]}"#, r#"{"b":[10],"a":1}"#));
    assert!(!same(Type::Json, r#"{"a": 1}"#, r#"{"a": "1"}"#));
    let set = |names: [&str; 2]| Value::List(names.map(text).into());
    assert!(is_same(Type::Set(&Type::Text), &set(["a", "b"]), &set(["b", "a"])));
    assert!(!is_same(Type::List(&Type::Text), &set(["a", "b"]), &set(["b", "a"])));
    assert!(!is_same(Type::Text, &Value::Unknown, &text("a")));
}
