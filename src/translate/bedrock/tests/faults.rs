use super::*;

#[test]
fn an_errors_words_and_its_type_are_read() {
    let kind = "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/";
    let fault = read_fault(429, Some(kind), golden("error.json").as_bytes());
    assert_eq!(fault.status, 429);
    assert_eq!(fault.code.as_deref(), Some("ThrottlingException"));
    assert_eq!(fault.message, "Too many requests, please wait before trying again.");
    let upper = read_fault(403, None, br#"{"Message":"User is not authorized"}"#);
    assert_eq!((upper.message.as_str(), upper.code), ("User is not authorized", None));
}

#[test]
fn an_error_without_words_gets_some() {
    for body in ["", "<html><body>Bad gateway</body></html>", "{}", "[1]", "\u{7f}{"] {
        let fault = read_fault(502, None, body.as_bytes());
        assert_eq!(fault.status, 502);
        assert!(!fault.message.is_empty() && !fault.message.contains('<'), "{}", fault.message);
    }
    assert_eq!(read_fault(503, None, b"try later").message, "try later");
    assert!(read_fault(503, None, &[0xff, 0xfe]).message.contains("503"));
}

#[test]
fn an_exception_in_a_stream_stands_for_a_status() {
    for (kind, status) in [
        ("throttlingException", 429),
        ("modelStreamErrorException", 424),
        ("internalServerException", 500),
        ("serviceUnavailableException", 503),
        ("validationException", 400),
        ("ModelNotReadyException", 429),
        ("modelTimeoutException", 408),
        ("accessDeniedException", 403),
        ("neverHeardOfException", 500),
    ] {
        let fault = exception(kind, br#"{"message":"words","p":"abc"}"#);
        assert_eq!((fault.status, fault.code.as_deref(), fault.message.as_str()), (status, Some(kind), "words"));
    }
    assert!(exception("throttlingException", b"").message.contains("throttlingException"));
}
