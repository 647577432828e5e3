use super::*;
use crate::translate::neutral::Names;
use proptest::prelude::*;

fn restored(bridge: Bridge, events: Vec<Event>) -> Vec<Event> {
    let (mut restorer, mut out) = (Restorer::new(bridge), Vec::new());
    for event in events {
        restorer.event(event, &mut out);
    }
    out
}

fn text(pieces: &[&str]) -> Vec<Event> {
    let mut events = vec![Event::Open(Block::Text)];
    events.extend(pieces.iter().map(|piece| Event::Delta((*piece).to_owned())));
    events.extend([Event::Close, Event::Finish(FinishReason::Done), Event::End]);
    events
}

fn call(name: &str, pieces: &[&str]) -> Vec<Event> {
    let mut events = vec![Event::Open(Block::Call { id: "1".into(), name: name.into() })];
    events.extend(pieces.iter().map(|piece| Event::Delta((*piece).to_owned())));
    events.push(Event::Close);
    events
}

fn said(events: &[Event]) -> String {
    events.iter().filter_map(|event| if let Event::Delta(text) = event { Some(text.as_str()) } else { None }).collect()
}

fn last_finish(events: &[Event]) -> Option<&FinishReason> {
    events.iter().rev().find_map(|event| if let Event::Finish(finish) = event { Some(finish) } else { None })
}

fn with_stops(stops: &[&str]) -> Bridge {
    Bridge { stops: stops.iter().map(|stop| (*stop).to_owned()).collect(), ..Bridge::default() }
}

#[test]
fn an_answer_ends_before_a_stop_sequence_wherever_it_is_split() {
    let whole = "one two END three";
    for cut in 0..=whole.len() {
        let events = restored(with_stops(&["END", "never"]), text(&<[&str; 2]>::from(whole.split_at(cut))));
        assert_eq!(said(&events), "one two ", "cut at {cut}");
        assert_eq!(last_finish(&events), Some(&FinishReason::StopSequence(Some("END".into()))));
        assert_eq!(events.iter().filter(|event| **event == Event::Close).count(), 1);
        assert_eq!(events.last(), Some(&Event::End));
    }
}

#[test]
fn what_follows_a_stop_sequence_is_not_told_not_even_calls() {
    let mut events =
        vec![Event::Open(Block::Text), Event::Delta("STOP".into()), Event::Delta("more".into()), Event::Close];
    events.extend(call("f", &["{}"]));
    events.push(Event::End);
    let stop = Event::Finish(FinishReason::StopSequence(Some("STOP".into())));
    assert_eq!(restored(with_stops(&["STOP"]), events), [stop, Event::End]);
}

#[test]
fn a_text_that_only_began_like_a_stop_sequence_is_told_whole() {
    let events = restored(with_stops(&["STOP"]), text(&["do not ST", "ART or ST"]));
    assert_eq!(said(&events), "do not START or ST");
    assert_eq!(last_finish(&events), Some(&FinishReason::Done));
}

#[test]
fn a_wrapped_call_comes_back_as_free_text_under_its_own_name() {
    let mut names = Names::default();
    let sent = names.fit("apply.patch", Sent::Wrapped);
    let events = restored(Bridge { names, ..Bridge::default() }, call(&sent, &["{\"inp", "ut\": \"*** Begin\\n\"}"]));
    let opened = Event::Open(Block::FreeformCall { id: "1".into(), name: "apply.patch".into() });
    assert_eq!(events, [opened, Event::Delta("*** Begin\n".into()), Event::Close]);
}

#[test]
fn a_renamed_tool_comes_back_under_its_own_name_and_an_empty_input_as_an_object() {
    let mut names = Names::default();
    let sent = names.fit("mcp.search", Sent::AsIs);
    let events = restored(Bridge { names, ..Bridge::default() }, call(&sent, &[]));
    let opened = Event::Open(Block::Call { id: "1".into(), name: "mcp.search".into() });
    assert_eq!(events, [opened, Event::Delta("{}".into()), Event::Close]);
}

#[test]
fn only_the_first_call_counts_where_one_at_a_time_was_asked_for() {
    let bridge = Bridge { calls: Parallel::Forbidden, ..Bridge::default() };
    let mut events = call("a", &["{}"]);
    events.extend(call("b", &["{}"]));
    assert_eq!(restored(bridge, events), call("a", &["{}"]));
}

proptest! {
    #[test]
    fn stopping_does_not_depend_on_how_the_text_is_split(
        pieces in prop::collection::vec("[abü]{0,5}", 0..6), stops in prop::collection::vec("[abü]{1,3}", 1..3),
    ) {
        let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
        let split: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let whole = pieces.concat();
        let (one, other) = (restored(with_stops(&stops), text(&split)), restored(with_stops(&stops), text(&[&whole])));
        prop_assert_eq!(last_finish(&one), last_finish(&other));
        prop_assert_eq!(said(&one), said(&other));
        if !stops.iter().any(|stop| whole.contains(stop)) {
            prop_assert_eq!(said(&one), whole);
        }
    }
}

#[test]
fn a_citation_waits_with_its_text_while_that_may_begin_a_stop_sequence() {
    let citation = Citation { url: Some("https://a".into()), title: None, cited_text: None, span: None };
    let mut events = text(&["EN"]);
    events.insert(2, Event::Cite(citation.clone()));
    let restored = restored(with_stops(&["END"]), events);
    assert_eq!(
        restored[..4],
        [Event::Open(Block::Text), Event::Delta("EN".into()), Event::Cite(citation), Event::Close]
    );
}
