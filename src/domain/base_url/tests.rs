use proptest::prelude::*;

use super::*;

fn url(text: &str) -> BaseUrl {
    BaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_base_url_is_kept_in_canonical_form() {
    let cases = [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1///", "https://api.openai.com/v1"),
        ("https://api.openai.com/", "https://api.openai.com"),
        ("https://api.openai.com", "https://api.openai.com"),
        ("HTTPS://API.OpenAI.com/V1", "https://api.openai.com/V1"),
        ("https://api.openai.com:443/v1", "https://api.openai.com/v1"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1"),
        ("http://0x7f.1:8080", "http://127.0.0.1:8080"),
        ("http://[0:0::1]:8080/x", "http://[::1]:8080/x"),
        ("https://[2606:4700::1111]", "https://[2606:4700::1111]"),
        ("https://gw.example.com/a%2Fb/%E4~!$&'()*+,;=:@", "https://gw.example.com/a%2Fb/%E4~!$&'()*+,;=:@"),
        ("https://gw.example.com/...", "https://gw.example.com/..."),
    ];
    for (text, canonical) in cases {
        assert_eq!(url(text).as_str(), canonical, "{text}");
    }
}

#[test]
fn a_base_url_comes_apart_into_origin_and_path() {
    let base = url("https://GW.example.com:8443/openai/v1/");
    assert_eq!(base.origin(), "https://gw.example.com:8443");
    assert_eq!(base.path(), "/openai/v1");
    assert_eq!(base.host().to_string(), "gw.example.com");
    assert_eq!(url("https://gw.example.com/").path(), "");
}

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    let cases = [
        "",
        "api.openai.com",
        "//api.openai.com",
        "https:api.openai.com",
        "https:/api.openai.com",
        "https://",
        "https:///v1",
        "https://:443",
        "ftp://a.com",
        "file:///etc/passwd",
        "javascript://a.com",
        " https://a.com",
        "https://a.com ",
        "https://a.com\n",
        "https://a.\tcom",
        "https://a.com/\u{0}",
        "https://a.com/\u{a0}x",
        "https://a.com\\@b.com",
        "https:\\\\a.com",
        "https://user@a.com",
        "https://user:pw@a.com",
        "https://@a.com",
        "https://a.com@b.com",
        "https://a.com?x=1",
        "https://a.com/?",
        "https://a.com/v1?x",
        "https://a.com#",
        "https://a.com/#x",
        "https://a.com:",
        "https://a.com:0",
        "https://a.com:65536",
        "https://a.com:+80",
        "https://a.com:80:80",
        "https://a.com:8a",
        "https://[::1]x:80",
        "https://x[::1]",
        "https://[::1",
        "https://::1",
        "https://a.com/../b",
        "https://a.com/a/..",
        "https://a.com/./b",
        "https://a.com/.",
        "https://a.com/%2e%2E/b",
        "https://a.com/.%2e",
        "https://a.com/%2e",
        "https://a.com/x%2f..%2Fy",
        "https://a.com/x%5c..",
        "https://a.com//b",
        "https://a.com/a//b",
        "https://a.com/%",
        "https://a.com/%4",
        "https://a.com/%zz",
        "https://a.com/ü",
        "https://a.com/<x>",
        "https://a.com/\"",
        "https://a.com/{x}",
        "https://a.com/[x]",
        "https://a.com/|",
        "https://a.com/^",
        "https://256.1.1.1",
        "https://foo.1",
        "https://bücher.de",
        "https://a%2ecom",
        "https://a..com",
    ];
    for text in cases {
        let error = BaseUrl::parse(text).expect_err(text);
        assert_eq!(error.param, "base_url", "{text}");
    }
    assert!(BaseUrl::parse(&format!("https://a.com/{}", "x".repeat(2048))).is_err());
}

#[test]
fn a_refusal_never_repeats_a_password() {
    for text in ["https://user:hunter2@a.com", "https://a.com/hunter2?x", "ftp://hunter2", "https://hunter2:x"] {
        assert!(!BaseUrl::parse(text).unwrap_err().message.contains("hunter2"), "{text}");
    }
}

#[test]
fn private_hosts_and_plain_http_need_the_deployments_leave() {
    let refused = [
        "http://api.openai.com",
        "https://localhost",
        "http://localhost:11434/v1",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://127.0.0.1.",
        "https://169.254.169.254/latest",
        "https://metadata.google.internal",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://10.0.0.1",
        "https://192.168.0.1:8443",
        "https://[fd00:ec2::254]",
        "https://ollama:11434",
    ];
    for text in refused {
        let base = url(text);
        let error = base.check_reach(PrivateUpstreams::Refused).expect_err(text);
        assert!(error.message.contains("ALLOW_PRIVATE_UPSTREAMS"), "{text}");
        assert_eq!(base.check_reach(PrivateUpstreams::Allowed), Ok(()), "{text}");
    }
    for text in ["https://api.openai.com/v1", "https://1.1.1.1", "https://[2606:4700::1111]:8443/x"] {
        assert_eq!(url(text).check_reach(PrivateUpstreams::Refused), Ok(()), "{text}");
    }
}

#[test]
fn a_refusal_names_the_rule() {
    let message = |text| url(text).check_reach(PrivateUpstreams::Refused).unwrap_err().message;
    assert!(message("http://api.openai.com").contains("https"));
    assert!(message("https://10.0.0.1").contains("a private address"));
    assert!(message("http://169.254.169.254").contains("a cloud metadata address"));
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        let _ = BaseUrl::parse(&text);
    }

    #[test]
    fn a_canonical_url_reads_back_as_itself(text in "(https?|HTTPS)://[a-zA-Z0-9.:\\[\\]@-]{1,20}[/a-z0-9.%~:-]{0,20}") {
        if let Ok(base) = BaseUrl::parse(&text) {
            prop_assert_eq!(url(base.as_str()), base.clone());
            prop_assert_eq!(format!("{}{}", base.origin(), base.path()), base.as_str());
            prop_assert!(!base.path().ends_with('/') && !base.path().contains("//"));
        }
    }
}
