//! The parts of a message and of a tool's output, as clients write them.

use crate::domain::invalid::Invalid;
use crate::translate::neutral::{Body, CacheMark, Document, Elements, Fields, Image, Losses, Part, Source};
use serde_json::Value;

/// Whose words they are: only the model refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The user, the operator or a tool.
    Human,
    /// The model.
    Model,
}

/// Reads a string or a list of parts. Empty texts say nothing and are left out.
pub(super) fn read(content: Value, at: &str, speaker: Speaker, losses: &mut Losses) -> Result<Vec<Part>, Invalid> {
    match content {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        Value::String(text) => Ok(vec![Part::new(at, Body::Text(text))]),
        Value::Array(values) => {
            let mut parts = Vec::with_capacity(values.len());
            let mut elements = Elements::new(values, at);
            while let Some(fields) = elements.next_object() {
                parts.extend(part(fields?, speaker, losses)?);
            }
            Ok(parts)
        }
        _ => Err(Invalid::new(at, format!("`{at}` must be a string or an array of content parts"))),
    }
}

fn part(mut fields: Fields, speaker: Speaker, losses: &mut Losses) -> Result<Option<Part>, Invalid> {
    let at = fields.at().to_owned();
    let kind = fields.need_text("type")?;
    let body = match (kind.as_str(), speaker) {
        // OpenAI tells `input_text` from `output_text` by the role; whoever errs there means the same.
        ("input_text" | "output_text" | "text", _) => {
            fields.ignore(&["annotations", "logprobs"]);
            Some(fields.need_text("text")?).filter(|text| !text.is_empty()).map(Body::Text)
        }
        ("refusal", Speaker::Model) => {
            Some(fields.need_text("refusal")?).filter(|text| !text.is_empty()).map(Body::Refusal)
        }
        ("input_image", Speaker::Human) => image(&mut fields, losses)?,
        ("input_file", Speaker::Human) => file(&mut fields, losses)?,
        ("input_audio", Speaker::Human) => {
            let mut audio = fields
                .object("input_audio")?
                .ok_or_else(|| Invalid::new(&at, format!("`{at}.input_audio` is missing: it must be an object")))?;
            let body = Body::Audio { data: audio.need_text("data")?, format: audio.need_text("format")? };
            audio.rest(losses);
            Some(body)
        }
        ("encrypted_content", Speaker::Human) => {
            fields.ignore(&["encrypted_content"]);
            losses.meaning(&at, "was encrypted by OpenAI, and only OpenAI can read it: send it as text");
            None
        }
        _ => return Err(unknown(&at, &kind, speaker)),
    };
    let cache = cache_mark(&mut fields)?;
    fields.rest(losses);
    Ok(body.map(|body| Part { at, body, cache }))
}

fn unknown(at: &str, kind: &str, speaker: Speaker) -> Invalid {
    let known = match speaker {
        Speaker::Human => "`input_text`, `input_image` or `input_file`",
        Speaker::Model => "`output_text` or `refusal`",
    };
    Invalid::new(format!("{at}.type"), format!("`{at}.type` must be {known}, not `{kind}`"))
}

fn image(fields: &mut Fields, losses: &mut Losses) -> Result<Option<Body>, Invalid> {
    let (url, file) = (fields.text("image_url")?, fields.text("file_id")?);
    let detail = fields.text("detail")?;
    match (url, file) {
        (Some(url), _) => Ok(Some(Body::Image(Image { source: source_of(url), detail }))),
        (None, Some(_)) => {
            losses.meaning(fields.place("file_id"), KEPT_FILE);
            Ok(None)
        }
        (None, None) => {
            let place = fields.place("image_url");
            Err(Invalid::new(&place, format!("`{place}` is missing: it must be an https or a data URL")))
        }
    }
}

fn file(fields: &mut Fields, losses: &mut Losses) -> Result<Option<Body>, Invalid> {
    let (data, url, id) = (fields.text("file_data")?, fields.text("file_url")?, fields.text("file_id")?);
    let title = fields.text("filename")?;
    // How finely pages are rendered as images, which only OpenAI lets one choose.
    fields.ignore(&["detail"]);
    let source = match (data, url, id) {
        (Some(data), ..) => match source_of(data) {
            // Bare base64 without a `data:` head is a PDF: nothing else was ever taken that way.
            Source::Url(data) => Source::Base64 { media_type: "application/pdf".to_owned(), data },
            Source::Base64 { media_type, data } => Source::of_file(media_type, data),
            source => source,
        },
        (None, Some(url), _) => Source::Url(url),
        (None, None, Some(_)) => {
            losses.meaning(fields.place("file_id"), KEPT_FILE);
            return Ok(None);
        }
        (None, None, None) => {
            let place = fields.place("file_data");
            return Err(Invalid::new(&place, format!("`{place}` is missing: it must be a data URL with the file")));
        }
    };
    Ok(Some(Body::Document(Document { source, title, context: None })))
}

const KEPT_FILE: &str =
    "names a file that is kept at OpenAI only: send its content as a data URL, or its public address";

/// A data URL's bytes, without copying them; any other address as it is.
fn source_of(mut url: String) -> Source {
    let head = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).map(|(media_type, _)| {
        let media_type = media_type.split(';').next().unwrap_or_default().to_owned();
        (media_type, url.find(";base64,").unwrap_or_default() + ";base64,".len())
    });
    match head {
        Some((media_type, length)) => {
            url.drain(..length);
            Source::Base64 { media_type, data: url }
        }
        None => Source::Url(url),
    }
}

fn cache_mark(fields: &mut Fields) -> Result<Option<CacheMark>, Invalid> {
    let Some(mut mark) = fields.object("prompt_cache_breakpoint")? else { return Ok(None) };
    Ok(match mark.text("ttl")?.as_deref() {
        // Nobody else's cache holds for twelve hours: Anthropic's hour comes closest.
        Some("12h") => Some(CacheMark::Hour),
        _ => Some(CacheMark::Default),
    })
}
