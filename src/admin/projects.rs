//! Projects.

use super::form::Form;
use super::page::Page;
use super::reply::{check_if_match, time};
use super::schema::projects::PROJECT;
use super::{Call, Reply, not_found};
use crate::domain::ids::ProjectId;
use crate::domain::name::Name;
use crate::json::json;
use crate::refusal::{Reason, Refusal};
use crate::store::projects::{self, ProjectRow};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

fn view(project: &ProjectRow) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "created_at": time(project.created_at),
        "updated_at": time(project.updated_at),
    })
}

async fn find(call: &Call<'_>, id: &str) -> Result<ProjectRow, Refusal> {
    let project = match ProjectId::parse(id) {
        Some(id) => projects::find(call.world.db, id.as_str()).await?,
        None => None,
    };
    project.filter(|project| call.sees(&project.id)).ok_or_else(|| not_found("project", id))
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Taken(_) => Refusal::new(
            Reason::ProjectNameConflict,
            "a project of this name exists (names that differ in case only are the same): choose another name",
        )
        .on("name"),
        other => other.into(),
    }
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let rows = projects::list(call.world.db, call.principal.project(), page.after(), page.read_ahead()).await?;
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), view))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::resource(call.request, &view(&find(call, id).await?)))
}

pub async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut form = Form::read(call.request, &PROJECT)?;
    let name = Name::parse("name", &form.text("name")?.required("name")?)?;
    let id = ProjectId::generate(call.world.rng)?;
    let statements = vec![
        projects::INSERT.with([id.as_str().into(), name.as_str().into(), name.key().into(), call.now.ms().into()]),
        call.audit(Some(&id), ("project", id.as_str()), form.names())?,
    ];
    let read = vec![projects::FIND.with([id.as_str().into()])];
    let made = write_and_read(call.world.db, None, statements, read).await.map_err(conflict)?;
    Ok(Reply::created(format!("/api/v1/projects/{id}"), &view(&written(&made)?)))
}

pub async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let project = find(call, id).await?;
    check_if_match(call.request, &view(&project))?;
    let mut form = Form::read_update(call.request, &PROJECT)?;
    let name = Name::parse("name", &form.text("name")?.required("name")?)?;
    let statements = vec![
        projects::UPDATE.with([
            project.id.as_str().into(),
            name.as_str().into(),
            name.key().into(),
            call.now.ms().into(),
        ]),
        call.audit(Some(&project.id), ("project", id), form.names())?,
    ];
    let read = vec![projects::FIND.with([project.id.as_str().into()])];
    let precondition = Some(projects::unchanged(&project));
    let changed = write_and_read(call.world.db, precondition, statements, read).await.map_err(conflict)?;
    Ok(Reply::resource(call.request, &view(&written(&changed)?)))
}

pub async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let project = find(call, id).await?;
    check_if_match(call.request, &view(&project))?;
    let statements =
        vec![projects::DELETE.with([project.id.as_str().into()]), call.audit(Some(&project.id), ("project", id), &[])?];
    match write_if(call.world.db, projects::unchanged(&project), statements).await {
        Ok(_) => Ok(Reply::gone()),
        Err(StoreError::Reference) => {
            let holdings = projects::holdings(call.world.db, &project.id).await?;
            let message = "the project still holds providers, models, secrets, tokens or users: delete them first";
            Err(Refusal::new(Reason::ProjectInUse, message).with_details(json!(holdings)))
        }
        Err(other) => Err(other.into()),
    }
}
