//! Extensions: uploaded, put in order, configured, switched off; their modules are never read back.

use super::form::Form;
use super::page::Page;
use super::reply::check_if_match;
use super::schema::extensions::{EXTENSION, SCOPE};
use super::{Call, Reply, not_found};
use crate::access::Operation;
use crate::domain::extension::{HOOKS, MAX_CONFIG_BYTES, MAX_SCOPE, ON_ERROR, check_module};
use crate::domain::ids::{ExtensionId, ProjectId};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::json::json;
use crate::ports::{Module, Param, Statement};
use crate::refusal::{Reason, Refusal};
use crate::store::extensions::{self, ExtensionRow, FORGET_FAILURES, drop_unused, keep_code};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

async fn find(call: &Call<'_>, id: &str) -> Result<ExtensionRow, Refusal> {
    let extension = match ExtensionId::parse(id) {
        Some(id) => extensions::find(call.world.db, &id).await?,
        None => None,
    };
    extension
        .filter(|extension| extension.project().is_some_and(|project| call.sees(&project)))
        .ok_or_else(|| not_found("extension", id))
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Taken(_) => Refusal::new(
            Reason::ExtensionNameConflict,
            "an extension of this name exists (names that differ in case only are the same): choose another name, or \
             PATCH that one",
        )
        .on("name"),
        other => other.into(),
    }
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let project = call.project().await?;
    let rows = extensions::list(call.world.db, &project, page.after(), page.read_ahead()).await?;
    let shown = |row: &ExtensionRow| call.lists(Operation::GetExtension, &[row.id()]).then(|| row.view().clone());
    Ok(page.reply(rows, |row| (row.created_at(), row.id()), shown))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::resource(call.request, find(call, id).await?.view()))
}

/// A row that is no project's was not found.
fn project_of(extension: &ExtensionRow) -> Result<ProjectId, Refusal> {
    extension.project().ok_or_else(|| not_found("extension", extension.id()))
}

/// Which module a body names.
enum Named {
    Uploaded(String),
    Bundled(String),
}

impl Named {
    fn module(&self) -> Module<'_> {
        match self {
            Self::Uploaded(base64) => Module::Uploaded(base64),
            Self::Bundled(name) => Module::Bundled(name),
        }
    }
}

fn named(form: &mut Form) -> Result<Option<Named>, Invalid> {
    let uploaded = form.text("module_base64")?.over(None);
    let bundled = form.text("bundled")?.given("bundled")?;
    match (uploaded, bundled) {
        (Some(_), Some(_)) => Err(Invalid::new("bundled", "an extension has `module_base64` or `bundled`, not both")),
        (Some(base64), None) => check_module("module_base64", &base64).map(|()| Some(Named::Uploaded(base64))),
        (None, Some(name)) if (1..=64).contains(&name.chars().count()) => Ok(Some(Named::Bundled(name))),
        (None, Some(_)) => Err(Invalid::new("bundled", "bundled must have 1 to 64 characters")),
        (None, None) => Ok(None),
    }
}

/// The two lists of a scope, JSON; a list that is not there is empty.
fn scope(form: &mut Form) -> Result<Option<[String; 2]>, Invalid> {
    let Some(fields) = form.value("scope")?.given("scope")? else { return Ok(None) };
    let read = |mut form: Form| Ok([ids(&mut form, "provider_ids", "aip_")?, ids(&mut form, "token_ids", "tok_")?]);
    let named = |invalid: Invalid| match invalid.param.as_str() {
        "" => Invalid::new("scope", "scope must be an object"),
        field => Invalid::new(format!("scope.{field}"), invalid.message),
    };
    Form::of(fields, &SCOPE).and_then(read).map(Some).map_err(named)
}

fn ids(form: &mut Form, name: &str, prefix: &str) -> Result<String, Invalid> {
    let given = form.texts(name)?.given(name)?.unwrap_or_default();
    if given.len() > MAX_SCOPE || !given.iter().all(|id| id.starts_with(prefix)) {
        return Err(Invalid::new(
            name,
            format!("{name} must be a list of at most {MAX_SCOPE} ids that begin with {prefix}"),
        ));
    }
    Ok(json!(given).to_string())
}

fn config(form: &mut Form) -> Result<Option<Value>, Invalid> {
    match form.value("config")?.given("config")? {
        None => Ok(None),
        Some(config) if config.is_object() && config.to_string().len() <= MAX_CONFIG_BYTES => Ok(Some(config)),
        Some(_) => Err(Invalid::new("config", format!("config must be an object of at most {MAX_CONFIG_BYTES} bytes"))),
    }
}

/// The hooks that a body names, of those that the module has: JSON.
fn hooks(form: &mut Form, has: &[&str]) -> Result<Option<String>, Invalid> {
    let Some(given) = form.texts("hooks")?.given("hooks")? else { return Ok(None) };
    if given.is_empty() || given.len() > HOOKS.len() || !given.iter().all(|hook| HOOKS.contains(&hook.as_str())) {
        return Err(Invalid::new("hooks", format!("hooks must be a list of one to four of {}", HOOKS.join(", "))));
    }
    match given.iter().find(|hook| !has.contains(&hook.as_str())) {
        Some(hook) => Err(Invalid::new("hooks", format!("the module has no hook `{hook}`"))),
        None => Ok(Some(json!(given).to_string())),
    }
}

/// The hooks that a description names, `configure` aside, which every module has.
fn hooks_of(described: &Value) -> Vec<&'static str> {
    let named = described.get("hooks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    HOOKS.into_iter().filter(|hook| named.iter().any(|name| name == hook)).collect()
}

fn word(known: &'static [&'static str]) -> impl FnOnce(&str) -> Option<&'static str> {
    move |given| known.iter().copied().find(|word| *word == given)
}

/// The parameters of what stands for itself: from the name to the time limit.
fn fields(form: &mut Form, stored: Option<&ExtensionRow>) -> Result<Vec<Param>, Invalid> {
    let name = form.text("name")?;
    let name = if stored.is_some() { name.given("name")? } else { Some(name.required("name")?) };
    let name = name.map(|name| Name::parse("name", &name)).transpose()?;
    Ok(vec![
        name.as_ref().map(Name::as_str).into(),
        name.as_ref().map(Name::key).into(),
        form.whole("order")?.given("order")?.into(),
        form.truth("enabled")?.given("enabled")?.into(),
        form.word("on_error", word(&ON_ERROR))?.given("on_error")?.into(),
        form.whole("time_limit_ms")?.given("time_limit_ms")?.into(),
    ])
}

/// What a body says of an extension: the parameters that `INSERT` and `UPDATE` share behind the first three, null where it
/// says nothing; and what stores the code that it brings.
async fn read(
    call: &Call<'_>,
    form: &mut Form,
    project: &ProjectId,
    stored: Option<&ExtensionRow>,
) -> Result<(Vec<Param>, Vec<Statement>), Refusal> {
    let mut params = fields(form, stored)?;
    let config = config(form)?;
    let scope = scope(form)?;
    let named = named(form)?;
    if let Some([providers, tokens]) = &scope
        && let Some(stranger) = extensions::stranger(call.world.db, project, providers, tokens).await?
    {
        let message = format!("there is no provider or token `{stranger}` in the project");
        return Err(Invalid::new("scope", message).into());
    }
    let module = match (&named, stored) {
        (Some(named), _) => Some(named.module()),
        (None, None) => {
            return Err(Invalid::new("module_base64", "an extension needs `module_base64` or `bundled`").into());
        }
        // The module that is there has to take another configuration, too.
        (None, Some(row)) if config.is_some() => row.bundled().map(Module::Bundled).or(row.code().map(Module::Stored)),
        (None, Some(_)) => None,
    };
    let checked = match module {
        None => None,
        Some(module) => {
            let given = config.clone().or_else(|| stored.and_then(|row| row.view().get("config").cloned()));
            let checked = call.world.extensions.check(module, &given.unwrap_or_else(|| json!({}))).await;
            Some(checked.map_err(|refusal| match module {
                // It is not the upload's fault.
                Module::Bundled(_) if refusal.param.as_deref() == Some("module_base64") => refusal.on("bundled"),
                _ => refusal,
            })?)
        }
    };
    let has = match (&checked, stored) {
        (Some(checked), _) => hooks_of(&checked.described),
        (None, row) => row.and_then(|row| row.view().get("module")).map(hooks_of).unwrap_or_default(),
    };
    // Another module brings its own hooks, unless the body says which.
    let hooks = hooks(form, &has)?.or_else(|| named.is_some().then(|| json!(has).to_string()));
    let replaced = checked.filter(|_| named.is_some());
    let described = replaced.as_ref().map(|checked| checked.described.to_string());
    let (sha256, bytes, code) =
        replaced.map_or((None, None, None), |checked| (checked.sha256, checked.bytes, checked.code));
    let bundled = match named {
        Some(Named::Bundled(name)) => Some(name),
        _ => None,
    };
    let [providers, tokens] = scope.map_or([None, None], |lists| lists.map(Some));
    params.extend([
        config.map(|config| config.to_string()).into(),
        hooks.into(),
        providers.into(),
        tokens.into(),
        bundled.into(),
        sha256.into(),
        bytes.into(),
        code.as_ref().map(|(hash, _)| hash.as_str()).into(),
        described.into(),
    ]);
    Ok((params, code.map(|(hash, code)| keep_code(&hash, &code, call.now.ms())).unwrap_or_default()))
}

/// The parameters of a write.
fn params(call: &Call<'_>, id: &str, project: &ProjectId, change: Vec<Param>) -> Vec<Param> {
    let mut params = vec![id.into(), project.as_str().into(), call.now.ms().into()];
    params.extend(change);
    params
}

pub async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut form = Form::read(call.request, &EXTENSION)?;
    let project = call.project_for(&mut form).await?;
    let (change, code) = read(call, &mut form, &project, None).await?;
    let id = ExtensionId::generate(call.world.rng)?;
    let mut statements = vec![extensions::INSERT.with(params(call, id.as_str(), &project, change))];
    statements.extend(code);
    statements.push(call.audit(Some(&project), ("extension", id.as_str()), form.names())?);
    let read = vec![extensions::FIND.with([id.as_str().into()])];
    let made = write_and_read(call.world.db, None, statements, read).await.map_err(conflict)?;
    Ok(Reply::created(format!("/api/v1/extensions/{id}"), written::<ExtensionRow>(&made)?.view()))
}

pub async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let stored = find(call, id).await?;
    check_if_match(call.request, stored.view())?;
    let mut form = Form::read_update(call.request, &EXTENSION)?;
    let project = project_of(&stored)?;
    call.stays_in(&mut form, &project)?;
    let (change, code) = read(call, &mut form, &project, Some(&stored)).await?;
    let mut statements = vec![extensions::UPDATE.with(params(call, stored.id(), &project, change))];
    statements.extend(code);
    statements.push(drop_unused(call.now.ms()));
    // It is another one now: what was said of it does not hold any more.
    statements.push(FORGET_FAILURES.with([stored.id().into()]));
    statements.push(call.audit(Some(&project), ("extension", id), form.names())?);
    let read = vec![extensions::FIND.with([stored.id().into()])];
    let precondition = Some(stored.unchanged());
    let changed = write_and_read(call.world.db, precondition, statements, read).await.map_err(conflict)?;
    Ok(Reply::resource(call.request, written::<ExtensionRow>(&changed)?.view()))
}

pub async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let extension = find(call, id).await?;
    check_if_match(call.request, extension.view())?;
    let project = project_of(&extension)?;
    let statements = vec![
        extensions::DELETE.with([extension.id().into()]),
        drop_unused(call.now.ms()),
        call.audit(Some(&project), ("extension", id), &[])?,
    ];
    write_if(call.world.db, extension.unchanged(), statements).await?;
    Ok(Reply::gone())
}
