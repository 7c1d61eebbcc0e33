//! How SQLite carries the statements out: pages in the order of ids are read off a key, without sorting, and nothing is
//! looked for by reading a table from end to end.

use refract_domain::ids::RecordId;
use refract_domain::object_type::ObjectType;
use refract_domain::property::PropertyType;
use refract_domain::query::{Filter, Hop, Leaf, Operand, Path, RecordQuery, Scope, SortKey, Start, Test};
use rusqlite::Connection;

use super::narrow::Narrowed;
use super::statement::{Branch, Sql, by_id, count, sorted};
use crate::functions;
use crate::migrate::migrate;

fn plan(sql: &Sql) -> String {
    let mut connection = Connection::open_in_memory().expect("a database");
    migrate(&mut connection).expect("migrations");
    functions::register(&mut connection).expect("functions");
    let explained = sql.explained();
    let mut statement = explained.prepare(&connection).expect("a statement");
    let mut rows = explained.run(&mut statement, &[1, 2]).expect("a plan");
    let mut lines = Vec::new();
    while let Some(row) = rows.next().expect("a row") {
        lines.push(row.get::<_, String>(3).expect("a line"));
    }
    lines.join("; ")
}

fn query() -> RecordQuery {
    let leaf = Leaf::Property { scope: Scope::Workspace, slug: "name".into(), property_type: PropertyType::Str };
    let target = ObjectType::Organization;
    let hop = Hop { scope: Scope::Workspace, slug: "company".into(), multiple: true, target };
    let path = Path { hops: vec![hop], leaf };
    RecordQuery {
        object_type: ObjectType::Contact,
        filter: Filter::Where(path, Test::Is(Operand::Text("Acme".into()))),
        ids: None,
        list_id: None,
        with_deleted: false,
        sort: Vec::new(),
        start: Start::First,
        limit: 25,
        count_total: false,
    }
}

fn everywhere() -> Narrowed {
    Narrowed { team_no: 1, range: (0, 9), numbers: None, along: None, list_no: None, any_alias: false }
}

#[test]
fn a_page_by_id_is_read_off_the_table_in_order() {
    let behind = "SEARCH h1 USING INTEGER PRIMARY KEY (rowid=?)";
    let in_order = plan(&by_id(&query(), &everywhere(), Branch::All, 26));
    assert!(in_order.starts_with("SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{in_order}");
    assert!(in_order.contains(behind) && !in_order.contains("TEMP B-TREE"), "{in_order}");
    let numbered = plan(&by_id(&query(), &Narrowed { any_alias: true, ..everywhere() }, Branch::Numbered, 26));
    assert!(numbered.starts_with("SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{numbered}");
    let aliased = plan(&by_id(&query(), &Narrowed { any_alias: true, ..everywhere() }, Branch::Aliased, 26));
    assert!(
        aliased.starts_with("SEARCH a USING PRIMARY KEY (team_no=?); SEARCH r USING INTEGER PRIMARY KEY"),
        "{aliased}"
    );
    assert!(!aliased.contains("TEMP B-TREE"), "{aliased}");
    let after = Start::After(refract_domain::query::Position { values: Vec::new(), id: RecordId::from_bytes([1; 16]) });
    let then = plan(&by_id(&RecordQuery { start: after, ..query() }, &everywhere(), Branch::All, 26));
    assert!(then.starts_with("SEARCH r USING INTEGER PRIMARY KEY") && !then.contains("TEMP B-TREE"), "{then}");
}

#[test]
fn named_records_and_members_are_looked_up() {
    let named = plan(&by_id(&query(), &Narrowed { numbers: Some(vec![1, 2]), ..everywhere() }, Branch::All, 26));
    assert!(
        named.contains("SCAN c VIRTUAL TABLE") && named.contains("SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        "{named}"
    );
    let members = plan(&by_id(&query(), &Narrowed { list_no: Some(1), ..everywhere() }, Branch::All, 26));
    assert!(members.starts_with("SEARCH e USING PRIMARY KEY (list_no=? AND record_no>?)"), "{members}");
    assert!(!members.contains("TEMP B-TREE"), "{members}");
}

#[test]
fn sorting_and_counting_look_at_the_teams_records_alone() {
    let path = Path { hops: Vec::new(), leaf: Leaf::UpdatedAt };
    let sort = vec![SortKey { path, descending: true }];
    let in_order = plan(&sorted(&RecordQuery { sort, ..query() }, &everywhere(), 26, 0));
    assert!(in_order.starts_with("SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{in_order}");
    assert!(in_order.contains("USE TEMP B-TREE FOR ORDER BY"), "{in_order}");
    let counted = plan(&count(&query(), &everywhere()));
    assert!(counted.starts_with("SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{counted}");
}
