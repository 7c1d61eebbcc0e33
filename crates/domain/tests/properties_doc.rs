//! Keeps docs/properties.md true: it is written from the tables in the code (`UPDATE_DOCS=1` rewrites it).

#![allow(clippy::expect_used)]

use std::fmt::Write;
use std::path::Path;

use refract_domain::object_type::ObjectType;
use refract_domain::property::{LIST_TEMPLATES, builtin_properties};

const INTRODUCTION: &str = "\
# Built-in properties

Every team has these properties from the start. A row writes them under `default`; the slug is the name, the type says
which values fit (see docs/wire.md for what is coerced). Contact and identity follow the public guides of the API; the
other types carry what users of a CRM expect. *Key* marks what `dedupe_by` accepts. References are written as record ids.

`email_addresses` of an identity takes addresses as text: they are lower-cased, a `+tag` is dropped, dots in front of
`@gmail.com` too, and duplicates are removed.
";

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for object_type in ObjectType::ALL {
        let imported = if object_type.importable() { "" } else { " (cannot be imported)" };
        writeln!(text, "\n## {object_type}{imported}\n\n| slug | name | type | key | options |\n|---|---|---|---|---|")
            .expect("a string takes everything");
        for property in builtin_properties(object_type) {
            let options: Vec<_> = property.options.iter().map(|option| format!("`{}`", option.slug)).collect();
            let key = if property.property_type.can_be_key() { "yes" } else { "" };
            let row = format!(
                "| `{}` | {} | `{}` | {key} | {} |",
                property.slug,
                property.name,
                property.property_type.name(),
                options.join(" ")
            );
            writeln!(text, "{row}").expect("a string takes everything");
        }
    }
    text.push_str("\n## Stages of lists\n\n`list.app_stage` takes the stages of the list's template, by slug or name.\n\n| template | of | stages |\n|---|---|---|\n");
    for template in LIST_TEMPLATES {
        let of = template.object_type.map_or("the type given", ObjectType::name);
        writeln!(text, "| `{}` | {of} | {} |", template.id, template.stages.join(", "))
            .expect("a string takes everything");
    }
    text
}

#[test]
fn the_document_lists_what_the_code_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/properties.md");
    let expected = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).expect("docs/ can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "docs/properties.md is out of date; run UPDATE_DOCS=1 cargo test -p refract-domain");
}
