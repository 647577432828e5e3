use super::*;
use crate::translate::gemini::embeddings::{EmbeddingEncoding, read_embeddings, write_embeddings};

fn write(body: Value) -> Result<(Value, EmbeddingEncoding), String> {
    let Value::Object(body) = body else { panic!("an object") };
    write_embeddings(body, "gemini-embedding-001", &mut Losses::default())
        .map(|(body, encoding)| (body.into(), encoding))
        .map_err(|invalid| invalid.message)
}

#[test]
fn one_text_or_many_are_one_batch() {
    let (body, encoding) =
        write(json!({"model": "m", "input": ["a", "b"], "dimensions": 8, "encoding_format": "base64"}))
            .expect("a body");
    let request = |text: &str| json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]}, "outputDimensionality": 8});
    assert_eq!((body, encoding), (json!({"requests": [request("a"), request("b")]}), EmbeddingEncoding::Base64));
    let (body, encoding) = write(json!({"model": "m", "input": "a"})).expect("a body");
    assert_eq!((body["requests"].as_array().map(Vec::len), encoding), (Some(1), EmbeddingEncoding::Float));
}

#[test]
fn tokens_and_nothing_are_refused() {
    for input in [json!([1, 2]), json!([[1, 2]])] {
        assert!(write(json!({"input": input})).expect_err("refused").contains("send the text itself"));
    }
    for input in [json!([]), json!(""), json!(null), json!(["a", ""])] {
        assert!(write(json!({"input": input})).expect_err("refused").contains("must be a text"));
    }
}

#[test]
fn the_answer_is_openais_list_in_numbers_or_in_base64() {
    let body = || json!({"embeddings": [{"values": [0.5, -1.0]}, {"values": [1e-3]}]});
    let read = |encoding| read_embeddings(body(), "m", encoding).expect("a list");
    assert_eq!(
        read(EmbeddingEncoding::Float),
        json!({
            "object": "list",
            "data": [
                {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
                {"object": "embedding", "index": 1, "embedding": [1e-3]},
            ],
            "model": "m",
            "usage": {"prompt_tokens": 0, "total_tokens": 0},
        })
    );
    assert_eq!(read(EmbeddingEncoding::Base64)["data"][0]["embedding"], "AAAAPwAAgL8=");
}

#[test]
fn an_answer_without_embeddings_is_a_fault() {
    let fault = read_embeddings(json!({}), "m", EmbeddingEncoding::Float).expect_err("refused");
    assert_eq!(fault.code.as_deref(), Some("upstream.malformed"));
    let error = json!({"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}});
    assert_eq!(read_embeddings(error, "m", EmbeddingEncoding::Float).expect_err("refused").status, 404);
}
