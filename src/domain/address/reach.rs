//! The networks of IANA's special-purpose registries (RFC 6890 and its registries of 2026).

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a host is on the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Global unicast, or a name that may stand for it.
    Public,
    /// Anything else; the text says what it is, as in "… is a loopback address".
    Private(&'static str),
}

/// First match decides, so single addresses come before the networks around them.
const V4: [(Ipv4Addr, u32, &str); 22] = [
    (Ipv4Addr::new(169, 254, 169, 254), 32, "a cloud metadata address"),
    (Ipv4Addr::new(100, 100, 100, 200), 32, "a cloud metadata address"),
    (Ipv4Addr::new(192, 0, 0, 192), 32, "a cloud metadata address"),
    // Azure's host agent answers on a public address that only its own guests reach.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud metadata address"),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "the broadcast address"),
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of \"this network\""),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a carrier-grade NAT address"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback address"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "an IETF protocol address"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "a documentation address"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "an IETF protocol address"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "an IETF protocol address"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay address"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a benchmarking address"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "a documentation address"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "a documentation address"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address"),
];

/// First match decides. Every form that carries an IPv4 address is refused whatever it carries: no upstream needs one.
const V6: [(Ipv6Addr, u32, &str); 16] = [
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address"),
    (Ipv6Addr::LOCALHOST, 128, "a loopback address"),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, "a cloud metadata address"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "an IPv4 address inside an IPv6 address"),
    (Ipv6Addr::UNSPECIFIED, 96, "an IPv4 address inside an IPv6 address"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "a NAT64 address"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a NAT64 address"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "a discard address"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "a Teredo address"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "an IETF protocol address"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "a documentation address"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 address"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "a documentation address"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a private address"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 9, "a link-local or site-local address"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast address"),
];

/// The only block of IPv6 that IANA hands out as global unicast.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Names that belong to a machine or a private network, with everything under them.
const PRIVATE_NAMES: [(&str, &str); 9] = [
    ("localhost", "a loopback name"),
    ("localdomain", "a loopback name"),
    ("internal", "a private name"),
    ("local", "a private name"),
    ("home.arpa", "a private name"),
    ("lan", "a private name"),
    ("home", "a private name"),
    ("corp", "a private name"),
    ("intranet", "a private name"),
];

pub(super) fn of_v4(address: Ipv4Addr) -> Reach {
    let bits = address.to_bits();
    V4.iter()
        .find(|(network, prefix, _)| (bits ^ network.to_bits()).leading_zeros() >= *prefix)
        .map_or(Reach::Public, |(_, _, what)| Reach::Private(what))
}

pub(super) fn of_v6(address: Ipv6Addr) -> Reach {
    let bits = address.to_bits();
    let inside = |network: &Ipv6Addr, prefix: u32| (bits ^ network.to_bits()).leading_zeros() >= prefix;
    match V6.iter().find(|(network, prefix, _)| inside(network, *prefix)) {
        Some((_, _, what)) => Reach::Private(what),
        None if inside(&GLOBAL_UNICAST.0, GLOBAL_UNICAST.1) => Reach::Public,
        None => Reach::Private("an address outside global unicast"),
    }
}

/// `name` is lower case and without a trailing dot.
pub(super) fn of_name(name: &str) -> Reach {
    let under = |zone: &str| {
        name.strip_suffix(zone).is_some_and(|before_zone| before_zone.is_empty() || before_zone.ends_with('.'))
    };
    match PRIVATE_NAMES.iter().find(|(zone, _)| under(zone)) {
        Some((_, what)) => Reach::Private(what),
        None if name.contains('.') => Reach::Public,
        None => Reach::Private("a name without a dot, which only a private network resolves"),
    }
}
