use super::*;
use crate::testing::SystemRng;
use proptest::prelude::*;

const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K2: &str = "k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const K1_REPLACED: &str = "k1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(Some(text)).expect("a ring")
}

fn place() -> Place<'static> {
    Place { project: "prj_1", table: "providers", column: "credential", row: "aip_1" }
}

fn seal(ring: &KeyRing, value: &str) -> Sealed {
    ring.seal(&Plaintext::new(value.into()), &place(), &SystemRng).expect("sealed")
}

fn opened(ring: &KeyRing, sealed: &Sealed, place: &Place<'_>) -> Result<String, SealError> {
    ring.open(sealed, place).map(|plaintext| plaintext.expose().to_owned())
}

#[test]
fn a_value_opens_where_it_was_sealed_and_the_stored_form_names_the_key() {
    let ring = ring(K1);
    let sealed = seal(&ring, "sk-secret");
    assert!(sealed.as_str().starts_with("v1.k1."));
    assert!(!sealed.as_str().contains("secret"));
    assert_eq!(opened(&ring, &sealed, &place()), Ok("sk-secret".into()));
}

#[test]
fn a_ciphertext_moved_to_another_row_column_table_or_project_does_not_open() {
    let ring = ring(K1);
    let sealed = seal(&ring, "sk-secret");
    let here = place();
    for elsewhere in [
        Place { row: "aip_2", ..here },
        Place { column: "value", ..here },
        Place { table: "secrets", ..here },
        Place { project: "prj_2", ..here },
        // The same letters, cut differently: lengths are part of what is authenticated.
        Place { row: "aip_1c", column: "redential", ..here },
    ] {
        assert_eq!(opened(&ring, &sealed, &elsewhere), Err(SealError::Broken), "{elsewhere:?}");
    }
}

#[test]
fn one_flipped_bit_anywhere_does_not_open() {
    let ring = ring(K1);
    let sealed = seal(&ring, "sk-secret");
    let (_, bytes) = sealed.parts().expect("parts");
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(opened(&ring, &Sealed::assemble("k1", &flipped), &place()), Err(SealError::Broken), "bit {bit}");
    }
}

#[test]
fn the_same_value_never_seals_to_the_same_text() {
    let ring = ring(K1);
    assert_ne!(seal(&ring, "sk-secret"), seal(&ring, "sk-secret"));
}

#[test]
fn the_first_key_seals_and_all_open() {
    let old = seal(&ring(K1), "sk-secret");
    let both = ring(&format!("{K2}, {K1}"));
    assert_eq!(opened(&both, &old, &place()), Ok("sk-secret".into()));
    assert_eq!(seal(&both, "x").key_id(), Ok("k2"));
    assert_eq!(both.ids().collect::<Vec<_>>(), ["k2", "k1"]);
}

#[test]
fn a_missing_key_is_named_and_a_replaced_key_does_not_open() {
    let old = seal(&ring(K1), "sk-secret");
    let missing = ring(K2).open(&old, &place()).expect_err("no such key");
    assert_eq!(missing, SealError::KeyMissing("k1".into()));
    let refusal = Refusal::from(missing);
    assert_eq!(refusal.reason.status(), 503);
    assert!(refusal.message.contains("`k1`"), "{}", refusal.message);
    assert_eq!(opened(&ring(K1_REPLACED), &old, &place()), Err(SealError::Broken));
}

#[test]
fn a_ring_that_cannot_be_read_says_which_entry_and_never_the_key() {
    for (bad, word) in [
        ("", "not set"),
        ("   ", "not set"),
        ("k1", "entry 1"),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "entry 1"),
        ("k1:c2hvcnQ=", "`k1`"),
        ("k1:not base64!!!!!!!!", "`k1`"),
        ("k.1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "entry 1"),
        (&format!("{K1},"), "entry 2"),
        (&format!("{K1},{K1}"), "twice"),
    ] {
        let Err(SealError::NotConfigured(why)) = KeyRing::parse(Some(bad)) else { panic!("{bad} was taken") };
        assert!(why.contains(word), "{bad}: {why}");
        assert!(!why.contains("AAECAw") && !why.contains("c2hvcnQ"), "{why}");
    }
    assert!(matches!(KeyRing::parse(None), Err(SealError::NotConfigured(_))));
}

#[test]
fn debug_of_a_ring_shows_ids_only() {
    assert_eq!(format!("{:?}", ring(K1)), r#"["k1"]"#);
}

proptest! {
    #[test]
    fn any_text_comes_back_and_any_stored_text_is_survived(value in "\\PC{0,200}", stored in "\\PC{0,80}") {
        let ring = ring(K1);
        prop_assert_eq!(opened(&ring, &seal(&ring, &value), &place()), Ok(value));
        prop_assert!(opened(&ring, &Sealed::from_stored(stored.clone()), &place()).is_err());
        let keyed = Sealed::from_stored(["v1.k1.", &stored].concat());
        prop_assert!(opened(&ring, &keyed, &place()).is_err());
    }
}

#[test]
fn a_copy_opens_under_its_own_name_and_never_as_a_credential() {
    let ring = ring(K1);
    let copy = ring.seal_copy("rows", "caller/1", &SystemRng).expect("sealed");
    assert!(ring.open_copy(&copy, "caller/1").is_ok_and(|rows| rows.expose() == "rows"));
    assert_eq!(ring.open_copy(&copy, "caller/2").map(|_| ()), Err(SealError::Broken));
    let same_place = String::from_utf8(place().additional_data()).expect("text");
    let as_copy = ring.seal_copy("sk-secret", &same_place, &SystemRng).expect("sealed");
    assert_eq!(opened(&ring, &as_copy, &place()), Err(SealError::Broken), "another purpose, another key");
    assert_eq!(ring.open_copy(&seal(&ring, "sk-secret"), &same_place).map(|_| ()), Err(SealError::Broken));
}
