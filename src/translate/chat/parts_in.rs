//! Reads the pieces of a client's message.

use super::request_in::unknown_word;
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{Body, CacheMark, Document, Elements, Fields, Image, Losses, Part, Source};
use serde_json::Value;

/// Whose message it is, which decides the pieces that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Operator,
    User,
    Assistant,
    /// OpenAI takes text only; what others know to carry is read all the same.
    Tool,
}

impl Speaker {
    const fn known(self) -> &'static str {
        match self {
            Self::Operator => "`text`",
            Self::User | Self::Tool => "`text`, `image_url`, `input_audio`, `file`",
            Self::Assistant => "`text`, `refusal`",
        }
    }

    fn may_say(self, kind: &str) -> bool {
        self.known().split(", ").any(|known| known.trim_matches('`') == kind)
    }
}

/// Takes a message's `content`: a string, an array of parts, or nothing. Empty texts say nothing and are left out.
pub(super) fn content(message: &mut Fields, speaker: Speaker, losses: &mut Losses) -> Result<Vec<Part>, Invalid> {
    let place = message.place("content");
    match message.take("content") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::new(place, Body::Text(text))]),
        Some(Value::Array(values)) => {
            let read =
                Elements::new(values, place).map(|(place, value)| part(Fields::of(value, place)?, speaker, losses));
            read.filter_map(Result::transpose).collect()
        }
        Some(_) => Err(Invalid::new(&place, format!("`{place}` must be a string or an array of parts"))),
    }
}

fn part(mut part: Fields, speaker: Speaker, losses: &mut Losses) -> Result<Option<Part>, Invalid> {
    let at = part.at().to_owned();
    let kind = part.need_text("type")?;
    if !speaker.may_say(&kind) {
        return Err(unknown_word(&part.place("type"), speaker.known(), &kind));
    }
    let body = match kind.as_str() {
        "text" => text(part.need_text("text")?).map(Body::Text),
        "refusal" => text(part.need_text("refusal")?).map(Body::Refusal),
        "image_url" => Some(Body::Image(image(&mut part, losses)?)),
        "input_audio" => {
            let mut audio = object(&mut part, "input_audio")?;
            let body = Body::Audio { data: audio.need_text("data")?, format: audio.need_text("format")? };
            audio.rest(losses);
            Some(body)
        }
        _ => Some(file(&mut part, losses)?),
    };
    let cache = cache_mark(&mut part)?;
    part.rest(losses);
    Ok(body.map(|body| Part { at, body, cache }))
}

fn text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn object(part: &mut Fields, key: &str) -> Result<Fields, Invalid> {
    let place = part.place(key);
    part.object(key)?.ok_or_else(|| Invalid::new(&place, format!("`{place}` is missing: it must be an object")))
}

/// OpenAI's `prompt_cache_breakpoint`, or Anthropic's `cache_control`, which clients of gateways send in its place.
pub(super) fn cache_mark(part: &mut Fields) -> Result<Option<CacheMark>, Invalid> {
    let breakpoint = part.take("prompt_cache_breakpoint").map(|_| CacheMark::Default);
    let Some(mut control) = part.object("cache_control")? else { return Ok(breakpoint) };
    match control.text("ttl")?.as_deref() {
        Some("1h") => Ok(Some(CacheMark::Hour)),
        _ => Ok(Some(CacheMark::Default)),
    }
}

fn image(part: &mut Fields, losses: &mut Losses) -> Result<Image, Invalid> {
    // Some clients send the address itself, as Responses has it.
    if let Some(Value::String(_)) = part.peek("image_url") {
        let place = part.place("image_url");
        return Ok(Image { source: source(part.need_text("image_url")?, &place)?, detail: None });
    }
    let mut image = object(part, "image_url")?;
    let place = image.place("url");
    let read = Image { source: source(image.need_text("url")?, &place)?, detail: image.text("detail")? };
    image.rest(losses);
    Ok(read)
}

fn file(part: &mut Fields, losses: &mut Losses) -> Result<Body, Invalid> {
    let mut file = object(part, "file")?;
    let title = file.text("filename")?;
    let place = file.place("file_data");
    let id = file.text("file_id")?;
    let source = match (file.text("file_data")?, id) {
        (Some(data), _) if data.starts_with("data:") || data.starts_with("http") => source(data, &place)?,
        (Some(data), _) => Source::Base64 { media_type: media_type(&data, title.as_deref()).to_owned(), data },
        (None, Some(id)) => Source::File(id),
        (None, None) => return Err(Invalid::new(&place, format!("`{place}` is missing: it must be a data URL"))),
    };
    file.rest(losses);
    Ok(match source {
        Source::Base64 { media_type, data } if media_type.starts_with("image/") => {
            Body::Image(Image { source: Source::Base64 { media_type, data }, detail: None })
        }
        Source::Base64 { media_type, data } => {
            Body::Document(Document { source: Source::of_file(media_type, data), title, context: None })
        }
        source => Body::Document(Document { source, title, context: None }),
    })
}

/// What bare base64 is: a PDF shows by its first bytes, anything else by its name at most.
fn media_type(data: &str, name: Option<&str>) -> &'static str {
    let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    match extension {
        _ if data.starts_with("JVBERi") => "application/pdf",
        Some("txt" | "md" | "csv" | "log") => "text/plain",
        Some("json") => "application/json",
        _ => "application/pdf",
    }
}

/// A data URL's bytes, or an address.
fn source(mut url: String, place: &str) -> Result<Source, Invalid> {
    let Some(rest) = url.strip_prefix("data:") else { return Ok(Source::Url(url)) };
    let Some((media_type, data)) = rest.split_once(";base64,") else {
        return Err(Invalid::new(place, format!("`{place}` must be a data URL with `;base64,`, or an address")));
    };
    let media_type = media_type.split(';').next().unwrap_or_default().to_owned();
    let head = url.len() - data.len();
    url.drain(..head);
    Ok(Source::Base64 { media_type, data: url })
}
