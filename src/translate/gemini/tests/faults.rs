use super::*;

#[test]
fn an_error_is_read_with_its_word_and_its_pause() {
    let body =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/answers/gemini/error.json")).expect("a file");
    let fault = read_fault(429, None, &body);
    assert_eq!((fault.status, fault.code.as_deref(), fault.retry_after), (429, Some("RESOURCE_EXHAUSTED"), Some(8)));
    assert!(fault.message.starts_with("You exceeded your current quota"));
    let fault = read_fault(429, None, &[b"[".as_slice(), &body, b"]"].concat());
    assert_eq!(fault.code.as_deref(), Some("RESOURCE_EXHAUSTED"));
}

#[test]
fn a_bad_key_keeps_its_status_and_tells_by_its_code() {
    let body = json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
    ]}});
    let fault = read_fault(400, None, body.to_string().as_bytes());
    assert_eq!((fault.status, fault.code.as_deref()), (400, Some("API_KEY_INVALID")));
}

#[test]
fn a_mistake_names_its_field() {
    let body = json!({"error": {"code": 400, "message": "Invalid JSON payload", "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "contents[0]", "description": "?"}]},
    ]}});
    let fault = read_fault(400, None, body.to_string().as_bytes());
    assert_eq!((fault.param.as_deref(), fault.code.as_deref()), (Some("contents[0]"), Some("INVALID_ARGUMENT")));
}

#[test]
fn a_body_that_is_none_of_googles_gives_words_all_the_same() {
    for (body, words) in [
        (b"<html>502</html>".as_slice(), "the upstream answered 502 and did not say why"),
        (b"", "the upstream answered 502 and did not say why"),
        (b"\xff\xfe", "the upstream answered 502 and did not say why"),
        (b"upstream connect error", "upstream connect error"),
    ] {
        assert_eq!(read_fault(502, None, body), Fault::new(502, words));
    }
}
