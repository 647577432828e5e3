//! Finding what identifies a person or an account in a text. Each finder checks what it found where there is something to
//! check, so that an order number does not pass for a card.

use std::ops::Range;

/// What can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A payment card's number: 13 to 19 digits whose check digit is right.
    Card,
    /// An e-mail address.
    Email,
    /// An international bank account number whose check digits are right.
    Iban,
    /// A telephone number in its international form, with `+` or `00`.
    Phone,
}

impl Kind {
    /// All of them; where two find the same text, the earlier one keeps it.
    pub const ALL: [Self; 4] = [Self::Email, Self::Iban, Self::Card, Self::Phone];

    /// As configuration and answers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Phone => "phone",
        }
    }
}

/// What was found, in the order of the text, nothing twice.
pub fn find(text: &str, kinds: &[Kind]) -> Vec<(Kind, Range<usize>)> {
    // Nothing that is looked for is without one of these.
    if !text.bytes().any(|byte| byte == b'@' || byte.is_ascii_digit()) {
        return Vec::new();
    }
    let mut found: Vec<(Kind, Range<usize>)> = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
        let ranges = match kind {
            Kind::Card => cards(text.as_bytes()),
            Kind::Email => emails(text.as_bytes()),
            Kind::Iban => ibans(text.as_bytes()),
            Kind::Phone => phones(text.as_bytes()),
        };
        for range in ranges {
            if found.iter().all(|(_, other)| range.end <= other.start || other.end <= range.start) {
                found.push((kind, range));
            }
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    found
}

fn at(text: &[u8], index: usize) -> Option<u8> {
    text.get(index).copied()
}

fn before(text: &[u8], index: usize) -> Option<u8> {
    index.checked_sub(1).and_then(|index| at(text, index))
}

/// Runs of digits with single spaces or hyphens among them; of a run, the digits and where each of them stands.
fn digit_runs(text: &[u8]) -> Vec<Vec<(u8, usize)>> {
    let mut runs = Vec::new();
    let mut run: Vec<(u8, usize)> = Vec::new();
    for (index, byte) in text.iter().copied().enumerate() {
        if byte.is_ascii_digit() {
            run.push((byte - b'0', index));
            continue;
        }
        let joins = matches!(byte, b' ' | b'-') && before(text, index).is_some_and(|byte| byte.is_ascii_digit());
        if !joins && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

fn cards(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for run in digit_runs(text) {
        let mut rest = run.as_slice();
        while rest.len() >= 13 {
            // The longest that checks out: a number may stand beside others with a space between.
            let length = (13..=rest.len().min(19)).rev().find(|length| {
                let digits = rest.get(..*length).unwrap_or_default();
                begins_card(digits) && luhn(digits) && stands_alone(text, digits)
            });
            match length.and_then(|length| rest.split_at_checked(length)) {
                Some((card, after)) => {
                    if let (Some((_, first)), Some((_, last))) = (card.first(), card.last()) {
                        found.push(*first..last + 1);
                    }
                    rest = after;
                }
                None => rest = rest.get(1..).unwrap_or_default(),
            }
        }
    }
    found
}

/// Cards begin with 2 to 6 (the first digit names the industry).
fn begins_card(digits: &[(u8, usize)]) -> bool {
    digits.first().is_some_and(|(digit, _)| (2..=6).contains(digit))
}

/// Not a part of a longer number or word.
fn stands_alone(text: &[u8], digits: &[(u8, usize)]) -> bool {
    let (Some((_, first)), Some((_, last))) = (digits.first(), digits.last()) else { return false };
    let part = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    !part(before(text, *first)) && !part(at(text, last + 1))
}

fn luhn(digits: &[(u8, usize)]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, (digit, _))| match u32::from(*digit) {
            digit if place % 2 == 0 => digit,
            digit if digit > 4 => digit * 2 - 9,
            digit => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|(digit, _)| *digit != 0)
}

fn emails(text: &[u8]) -> Vec<Range<usize>> {
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(byte);
    let domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let mut found: Vec<Range<usize>> = Vec::new();
    for (sign, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'@') {
        let from = found.last().map_or(0, |range| range.end);
        let head = text.get(from..sign).unwrap_or_default();
        let tail = text.get(sign + 1..).unwrap_or_default();
        let name = head.iter().rev().take_while(|byte| local(byte)).count().min(64);
        let host: Vec<u8> = tail.iter().take_while(|byte| domain(byte)).copied().collect();
        let mut length = host.len();
        while length > 0 && host.get(length - 1).is_some_and(|byte| matches!(byte, b'.' | b'-')) {
            length -= 1;
        }
        let ending = host.get(..length).and_then(|host| host.rsplit(|byte| *byte == b'.').next()).unwrap_or_default();
        let has_dot = host.get(..length).is_some_and(|host| host.contains(&b'.'));
        if name > 0 && has_dot && ending.len() >= 2 && ending.iter().all(u8::is_ascii_alphabetic) {
            found.push(sign - name..sign + 1 + length);
        }
    }
    found
}

fn ibans(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = (from..text.len()).find(|index| begins_iban(text, *index)) {
        let mut characters = Vec::new();
        let mut best = None;
        let mut index = start;
        while let Some(byte) = at(text, index).filter(|_| characters.len() <= 34) {
            if byte.is_ascii_alphanumeric() {
                characters.push((byte.to_ascii_uppercase(), index));
                let ends = !at(text, index + 1).is_some_and(|byte| byte.is_ascii_alphanumeric());
                if ends && (15..=34).contains(&characters.len()) && remainder_is_one(&characters) {
                    best = Some(index + 1);
                }
            } else if byte != b' ' || !characters.len().is_multiple_of(4) {
                break;
            }
            index += 1;
        }
        from = best.unwrap_or(start + 1);
        if let Some(end) = best {
            found.push(start..end);
        }
    }
    found
}

fn begins_iban(text: &[u8], index: usize) -> bool {
    let letter = |index| at(text, index).is_some_and(|byte| byte.is_ascii_alphabetic());
    let digit = |index| at(text, index).is_some_and(|byte| byte.is_ascii_digit());
    let alone = !before(text, index).is_some_and(|byte| byte.is_ascii_alphanumeric());
    alone && letter(index) && letter(index + 1) && digit(index + 2) && digit(index + 3)
}

/// ISO 7064: the first four characters behind the rest, letters as numbers from 10, divided by 97.
fn remainder_is_one(characters: &[(u8, usize)]) -> bool {
    let (head, tail) = characters.split_at(characters.len().min(4));
    let remainder = tail.iter().chain(head).fold(0_u32, |remainder, (byte, _)| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
    });
    remainder == 1
}

fn phones(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = (from..text.len()).find(|index| begins_phone(text, *index)) {
        let mut digits = 0;
        let mut end = start;
        let mut index = start + usize::from(at(text, start) == Some(b'+'));
        let mut separators = 0;
        while let Some(byte) = at(text, index) {
            if byte.is_ascii_digit() {
                digits += 1;
                separators = 0;
                end = index + 1;
            } else if matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/') && separators < 2 {
                separators += 1;
            } else {
                break;
            }
            index += 1;
        }
        let prefix = if at(text, start) == Some(b'+') { 0 } else { 2 };
        let alone = !at(text, end).is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if alone && (8..=15).contains(&(digits - prefix)) {
            found.push(start..end);
        }
        from = end.max(start + 1);
    }
    found
}

fn begins_phone(text: &[u8], index: usize) -> bool {
    let alone = !before(text, index).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+'));
    let digit = |index, least| at(text, index).is_some_and(|byte| byte.is_ascii_digit() && byte >= least);
    match at(text, index) {
        Some(b'+') => alone && digit(index + 1, b'1'),
        Some(b'0') => alone && at(text, index + 1) == Some(b'0') && digit(index + 2, b'1'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        find(text, &Kind::ALL)
            .into_iter()
            .map(|(kind, range)| format!("{}:{}", kind.name(), text.get(range).unwrap()))
            .collect()
    }

    #[test]
    fn cards_are_found_however_they_are_written_and_only_with_a_right_check_digit() {
        assert_eq!(found("pay 4111111111111111 now"), ["card:4111111111111111"]);
        assert_eq!(
            found("4111 1111 1111 1111, 3782-822463-10005."),
            ["card:4111 1111 1111 1111", "card:3782-822463-10005"]
        );
        assert_eq!(found("no 12 4111 1111 1111 1111 36"), ["card:4111 1111 1111 1111"]);
        assert_eq!(found("4111111111111112"), [""; 0]);
        assert_eq!(found("order A4111111111111111"), [""; 0]);
        assert_eq!(found("0000 0000 0000 0000 and 1234567890123"), [""; 0]);
    }

    #[test]
    fn addresses_are_found_without_the_sentence_around_them() {
        assert_eq!(
            found("to <jane.o'neil+x@mail.example.co.uk>, or bob@example.com."),
            ["email:jane.o'neil+x@mail.example.co.uk", "email:bob@example.com"]
        );
        assert_eq!(found("@here a@b 5@4.3 me@host.1x"), [""; 0]);
    }

    #[test]
    fn accounts_are_found_with_and_without_spaces_and_only_with_right_check_digits() {
        assert_eq!(found("IBAN DE89 3704 0044 0532 0130 00 please"), ["iban:DE89 3704 0044 0532 0130 00"]);
        assert_eq!(found("gb82west12345698765432"), ["iban:gb82west12345698765432"]);
        assert_eq!(find("DE89 3704 0044 0532 0130 01", &[Kind::Iban]), []);
    }

    #[test]
    fn telephone_numbers_are_found_in_their_international_form() {
        assert_eq!(
            found("call +41 44 668 18 00 or 0041-44-668-1800 or +1 (415) 555-0132!"),
            ["phone:+41 44 668 18 00", "phone:0041-44-668-1800", "phone:+1 (415) 555-0132"]
        );
        assert_eq!(found("1+1234567890, +12, 3.00123456789, a00123456789"), [""; 0]);
    }

    #[test]
    fn texts_in_other_scripts_are_cut_at_characters() {
        assert_eq!(
            found("卡4111111111111111号 é@é.com ü+41446681800ü"),
            ["card:4111111111111111", "phone:+41446681800"]
        );
    }
}
