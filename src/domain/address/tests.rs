use proptest::prelude::*;

use super::*;

fn reach(text: &str) -> Reach {
    Host::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).reach()
}

#[test]
fn every_spelling_of_an_ipv4_address_is_the_address() {
    let cases = [
        ("127.0.0.1", [127, 0, 0, 1]),
        ("127.1", [127, 0, 0, 1]),
        ("127.0.1", [127, 0, 0, 1]),
        ("0x7f.1", [127, 0, 0, 1]),
        ("0X7F.0x0.0x0.0x1", [127, 0, 0, 1]),
        ("2130706433", [127, 0, 0, 1]),
        ("0x7f000001", [127, 0, 0, 1]),
        ("017700000001", [127, 0, 0, 1]),
        ("0177.0.0.1", [127, 0, 0, 1]),
        ("127.0.0.1.", [127, 0, 0, 1]),
        ("0x.0x.0x.0x", [0, 0, 0, 0]),
        ("0", [0, 0, 0, 0]),
        ("8.8.8.8", [8, 8, 8, 8]),
        ("10.65535", [10, 0, 255, 255]),
        ("4294967295", [255, 255, 255, 255]),
    ];
    for (text, [a, b, c, d]) in cases {
        assert_eq!(Host::parse(text).unwrap(), Host::V4(Ipv4Addr::new(a, b, c, d)), "{text}");
    }
}

#[test]
fn what_is_neither_an_address_nor_a_name_is_refused() {
    let cases = [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "127.0.0.1..",
        "256.1.1.1",
        "1.2.3.4.5",
        "1.2.3.256",
        "4294967296",
        "127.0.0.08",
        "foo.1",
        "foo.0x1",
        "99999999999999999999999999",
        "1..2",
        "[::1",
        "::1",
        "[::1]x",
        "[]",
        "[::1%eth0]",
        "[::1%25eth0]",
        "[v1.a]",
        "[1.2.3.4]",
        "[::ffff:01.2.3.4]",
        "[:::1]",
        "[1:2:3:4:5:6:7:8:9]",
        "[12345::]",
        "exa mple.com",
        "exa%6dple.com",
        "%31%32%37.0.0.1",
        "bücher.example",
        "１２７.0.0.1",
        "127。0。0。1",
        "a/b.com",
        "a\\b.com",
        "a@b.com",
        "a:1",
        "a\t.com",
        "a\u{0}.com",
        "a,b.com",
        "a*.com",
    ];
    for text in cases {
        let error = Host::parse(text).expect_err(text);
        assert_eq!(error.param, "host", "{text}");
    }
    assert!(Host::parse(&format!("{}.com", "a".repeat(64))).is_err());
    assert!(Host::parse(&["a"; 128].join(".")).is_err());
    assert!(Host::parse(&["a"; 127].join(".")).is_ok());
}

#[test]
fn an_international_name_is_sent_back_for_punycode() {
    assert!(Host::parse("bücher.example").unwrap_err().message.contains("punycode"));
    assert!(Host::parse("xn--bcher-kva.example").is_ok());
}

#[test]
fn addresses_outside_global_unicast_are_private() {
    let cases = [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.8.8.8",
        "169.254.169.254",
        "169.254.0.1",
        "168.63.129.16",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:8.8.8.8]",
        "[0:0:0:0:0:ffff:a00:1]",
        "[::ffff:0:7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001::1]",
        "[2001:2::1]",
        "[2001:10::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2002:808:808::1]",
        "[3fff::1]",
        "[3fff:fff::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[feff::1]",
        "[ff02::1]",
        "[4000::1]",
        "[5f00::1]",
        "[e000::1]",
        "[1::]",
    ];
    for text in cases {
        assert!(matches!(reach(text), Reach::Private(_)), "{text}");
    }
}

#[test]
fn global_unicast_addresses_are_public() {
    let cases = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.1",
        "192.167.255.255",
        "192.169.0.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "[2606:4700::1111]",
        "[2a00:1450:4001::200e]",
        "[2001:4860:4860::8888]",
        "[2400:cb00::1]",
        "[3ffe::1]",
    ];
    for text in cases {
        assert_eq!(reach(text), Reach::Public, "{text}");
    }
}

#[test]
fn names_of_private_networks_are_private_and_their_lookalikes_are_not() {
    let cases = [
        ("localhost", true),
        ("LocalHost", true),
        ("localhost.", true),
        ("foo.localhost", true),
        ("metadata.google.internal", true),
        ("metadata.google.internal.", true),
        ("METADATA.GOOGLE.INTERNAL", true),
        ("printer.local", true),
        ("nas.home.arpa", true),
        ("localhost.localdomain", true),
        ("router.lan", true),
        ("intranet", true),
        ("postgres", true),
        ("com", true),
        ("api.openai.com", false),
        ("API.OpenAI.com.", false),
        ("notlocalhost.com", false),
        ("localhost.example.com", false),
        ("my-internal.com", false),
        ("internal.example.com", false),
        ("arpa.com", false),
        ("a_b.example.com", false),
    ];
    for (text, private) in cases {
        assert_eq!(matches!(reach(text), Reach::Private(_)), private, "{text}");
    }
}

#[test]
fn a_refusal_says_what_the_address_is() {
    assert_eq!(reach("[fd00:ec2::254]"), Reach::Private("a cloud metadata address"));
    assert_eq!(reach("0xa9fea9fe"), Reach::Private("a cloud metadata address"));
    assert_eq!(reach("0177.1"), Reach::Private("a loopback address"));
}

#[test]
fn a_host_is_written_in_its_canonical_form() {
    for (text, canonical) in [
        ("0x7f.1", "127.0.0.1"),
        ("API.Example.COM.", "api.example.com"),
        ("[0:0::1]", "[::1]"),
        ("[2606:4700:0::1111]", "[2606:4700::1111]"),
    ] {
        assert_eq!(Host::parse(text).unwrap().to_string(), canonical);
    }
}

/// The spellings of `number` that a URL parser takes for it.
fn spell(number: u32, style: u8) -> String {
    match style % 4 {
        0 => number.to_string(),
        1 => format!("0{number:o}"),
        2 => format!("0x{number:x}"),
        _ => format!("0X000{number:X}"),
    }
}

fn spellings(address: Ipv4Addr, parts: usize, styles: [u8; 4]) -> String {
    let bits = address.to_bits();
    let [a, b, c, d] = address.octets().map(u32::from);
    let numbers = match parts {
        1 => vec![bits],
        2 => vec![a, bits & 0xff_ffff],
        3 => vec![a, b, bits & 0xffff],
        _ => vec![a, b, c, d],
    };
    numbers.into_iter().zip(styles).map(|(number, style)| spell(number, style)).collect::<Vec<_>>().join(".")
}

fn private_v4() -> impl Strategy<Value = Ipv4Addr> {
    let networks = [
        (0x7f00_0000_u32, 8_u32),
        (0x0a00_0000, 8),
        (0xac10_0000, 12),
        (0xc0a8_0000, 16),
        (0xa9fe_0000, 16),
        (0x6440_0000, 10),
        (0, 8),
        (0xc612_0000, 15),
        (0xe000_0000, 4),
        (0xf000_0000, 4),
    ];
    (0..networks.len(), any::<u32>()).prop_map(move |(index, host)| {
        let (network, prefix) = networks[index];
        Ipv4Addr::from_bits(network | (host & (u32::MAX >> prefix)))
    })
}

proptest! {
    #[test]
    fn parsing_never_panics_and_its_result_reads_back(text in "\\PC{0,40}") {
        if let Ok(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(&host.to_string()), Ok(host));
        }
    }

    #[test]
    fn parsing_address_like_text_never_panics(text in "[0-9a-fxX:.\\[\\]%]{0,30}") {
        if let Ok(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(&host.to_string()), Ok(host));
        }
    }

    #[test]
    fn every_spelling_of_a_private_v4_address_is_private(
        address in private_v4(), parts in 1..=4_usize, styles in any::<[u8; 4]>(), dot in 0..2_usize,
    ) {
        let text = spellings(address, parts, styles) + &".".repeat(dot);
        prop_assert_eq!(Host::parse(&text), Ok(Host::V4(address)), "{}", text);
        prop_assert!(matches!(reach(&text), Reach::Private(_)), "{}", text);
    }

    #[test]
    fn no_v4_address_is_public_inside_v6(address in any::<u32>().prop_map(Ipv4Addr::from_bits)) {
        let [a, b, c, d] = address.octets();
        for text in [
            format!("[::ffff:{address}]"),
            format!("[::{address}]"),
            format!("[64:ff9b::{address}]"),
            format!("[64:ff9b:1::{address}]"),
            format!("[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1]"),
        ] {
            prop_assert!(matches!(reach(&text), Reach::Private(_)), "{}", text);
        }
    }

    #[test]
    fn only_two_thousand_slash_three_is_public(bits in any::<u128>()) {
        let host = Host::V6(Ipv6Addr::from_bits(bits));
        prop_assert!(host.reach() != Reach::Public || bits >> 125 == 1);
    }
}
