//! Filters as conditions.

use refract_domain::query::{Filter, Leaf, Operand, Path, Scope, Test};

use super::dialect::{Dialect, Document, Kind, Reference};
use super::{Bound, Writer};

/// The filter as a condition that is true or false, never NULL. `None` where it holds for every record.
///
/// What the database cannot decide is taken as true where that makes the condition weaker: it then holds for every record
/// that the filter holds for, and for others too (see [`super::partial_sql`]).
pub fn filter_sql<D: Dialect>(writer: &mut Writer<'_, D>, filter: &Filter) -> Option<String> {
    match filter {
        Filter::All(parts) if parts.is_empty() => None,
        filter => Some(condition(writer, filter, true)),
    }
}

/// `weaker`: whether a condition that cannot be written may count as true; below a negation it must count as false.
pub(super) fn condition<D: Dialect>(writer: &mut Writer<'_, D>, filter: &Filter, weaker: bool) -> String {
    match filter {
        Filter::All(parts) => joined(writer, parts, weaker, " AND ", "TRUE"),
        Filter::Any(parts) => joined(writer, parts, weaker, " OR ", "FALSE"),
        Filter::Not(inner) => format!("NOT {}", condition(writer, inner, !weaker)),
        Filter::Where(path, test) => holds(writer, path, test, weaker),
    }
}

fn joined<D: Dialect>(writer: &mut Writer<'_, D>, parts: &[Filter], weaker: bool, word: &str, of_none: &str) -> String {
    if parts.is_empty() {
        return of_none.to_owned();
    }
    let conditions: Vec<String> = parts.iter().map(|part| condition(writer, part, weaker)).collect();
    format!("({})", conditions.join(word))
}

fn holds<D: Dialect>(writer: &mut Writer<'_, D>, path: &Path, test: &Test, weaker: bool) -> String {
    if matches!(test, Test::Matches(_)) && writer.dialect.matches("", "").is_none() {
        return if weaker { "TRUE" } else { "FALSE" }.to_owned();
    }
    let reached = Reached::by(writer, path, matches!(test, Test::Present));
    let passes = passes(writer, &reached.value, kind_of(&path.leaf), test);
    match reached.source() {
        None => format!("({passes}) IS TRUE"),
        Some(source) => format!("EXISTS (SELECT 1 {source} AND ({passes}))"),
    }
}

/// The end of a path.
pub(super) struct Reached {
    from: Vec<String>,
    conditions: Vec<String>,
    /// An expression for the value there.
    pub(super) value: String,
}

impl Reached {
    /// Follows a path; an array at its end is taken element by element unless it is taken `whole`.
    pub(super) fn by<D: Dialect>(writer: &mut Writer<'_, D>, path: &Path, whole: bool) -> Self {
        let mut reached = Self { from: Vec::new(), conditions: Vec::new(), value: String::new() };
        let mut document = None;
        for (hop, number) in path.hops.iter().zip(1..) {
            let slug = writer.bind(Bound::Text(hop.slug.clone()));
            let holder = document.unwrap_or_else(|| of_scope(hop.scope));
            let value = if hop.multiple {
                reached.from.push(writer.dialect.elements(holder, &slug, number));
                format!("v{number}.value")
            } else {
                writer.dialect.value(holder, &slug, Kind::Text)
            };
            reached.from.push(format!("record AS h{number}"));
            let reference = Reference { value: &value, hop: number, target: hop.target };
            let dialect = writer.dialect;
            reached.conditions.push(dialect.reference(writer, reference));
            document = Some(Document::Hop(number));
        }
        let alias = if path.hops.is_empty() { "r".to_owned() } else { format!("h{}", path.hops.len()) };
        reached.value = match &path.leaf {
            Leaf::Id => writer.dialect.id_text(&alias),
            Leaf::CreatedAt => writer.dialect.millis(&format!("{alias}.created_at")),
            Leaf::UpdatedAt => writer.dialect.millis(&format!("{alias}.updated_at")),
            Leaf::Property { scope, slug, property_type } => {
                let slug = writer.bind(Bound::Text(slug.clone()));
                let holder = document.unwrap_or_else(|| of_scope(*scope));
                if whole {
                    writer.dialect.value(holder, &slug, Kind::Any)
                } else if property_type.is_multiple() {
                    let number = path.hops.len() + 1;
                    reached.from.push(writer.dialect.elements(holder, &slug, number));
                    format!("v{number}.value")
                } else {
                    writer.dialect.value(holder, &slug, kind_of(&path.leaf))
                }
            }
        };
        reached
    }

    /// FROM and WHERE of what the value is found in; `None` when it is the record itself.
    pub(super) fn source(&self) -> Option<String> {
        if self.from.is_empty() {
            return None;
        }
        let conditions = if self.conditions.is_empty() { "TRUE".to_owned() } else { self.conditions.join(" AND ") };
        Some(format!("FROM {} WHERE {conditions}", self.from.join(" CROSS JOIN ")))
    }
}

fn of_scope(scope: Scope) -> Document {
    match scope {
        Scope::Workspace => Document::Record,
        Scope::List(_) => Document::Entry,
    }
}

/// What the values at a leaf are.
pub(super) fn kind_of(leaf: &Leaf) -> Kind {
    use refract_domain::property::PropertyType;
    match leaf {
        Leaf::Id => Kind::Text,
        Leaf::CreatedAt | Leaf::UpdatedAt => Kind::Number,
        Leaf::Property { property_type, .. } => match property_type {
            PropertyType::Num => Kind::Number,
            PropertyType::Bool => Kind::Bool,
            PropertyType::Date => Kind::Instant,
            PropertyType::Jsonb => Kind::Any,
            PropertyType::Str
            | PropertyType::Text
            | PropertyType::Byte
            | PropertyType::SelectStr
            | PropertyType::MultiStr
            | PropertyType::MultiselectStr
            | PropertyType::Ref(_)
            | PropertyType::MultiRef(_)
            | PropertyType::EmailAddresses => Kind::Text,
        },
    }
}

/// Whether one value passes; NULL never does. An operand of another kind than the value's passes nothing.
fn passes<D: Dialect>(writer: &mut Writer<'_, D>, value: &str, kind: Kind, test: &Test) -> String {
    match test {
        Test::Present => format!("{value} IS NOT NULL"),
        Test::Is(operand) => compared(writer, value, kind, "=", operand),
        Test::OneOf(operands) => one_of(writer, value, kind, operands),
        Test::Ordered { above, or_equal, bound } => {
            let operator = match (above, or_equal) {
                (true, true) => ">=",
                (true, false) => ">",
                (false, true) => "<=",
                (false, false) => "<",
            };
            compared(writer, value, kind, operator, bound)
        }
        Test::Between(low, high) => {
            let (above, below) = (compared(writer, value, kind, ">=", low), compared(writer, value, kind, "<=", high));
            format!("{above} AND {below}")
        }
        Test::Contains(_) | Test::BeginsWith(_) | Test::EndsWith(_) | Test::Matches(_) if kind != Kind::Text => {
            "FALSE".to_owned()
        }
        // The empty text is in every text, also where a function of the database sees that otherwise.
        Test::Contains(part) | Test::BeginsWith(part) | Test::EndsWith(part) if part.is_empty() => {
            format!("{value} IS NOT NULL")
        }
        Test::Contains(part) | Test::BeginsWith(part) | Test::EndsWith(part) => {
            let lower = writer.dialect.lower(value);
            let part = writer.bind(Bound::Text(part.clone()));
            match test {
                Test::Contains(_) => writer.dialect.contains(&lower, &part),
                Test::BeginsWith(_) => writer.dialect.begins_with(&lower, &part),
                _ => writer.dialect.ends_with(&lower, &part),
            }
        }
        Test::Matches(pattern) => {
            let pattern = writer.bind(Bound::Text(pattern.as_str().to_owned()));
            writer.dialect.matches(value, &pattern).unwrap_or_else(|| "FALSE".to_owned())
        }
    }
}

fn compared<D: Dialect>(
    writer: &mut Writer<'_, D>,
    value: &str,
    kind: Kind,
    operator: &str,
    operand: &Operand,
) -> String {
    let bound = match (kind, operand) {
        (Kind::Text, Operand::Text(text)) | (Kind::Instant, Operand::Instant(text)) => Bound::Text(text.clone()),
        (Kind::Number, Operand::Number(number)) => Bound::Number(number.clone()),
        (Kind::Bool, Operand::Bool(truth)) => Bound::Bool(*truth),
        _ => return "FALSE".to_owned(),
    };
    let placeholder = writer.bind(bound);
    format!("{value} {operator} {placeholder}")
}

fn one_of<D: Dialect>(writer: &mut Writer<'_, D>, value: &str, kind: Kind, operands: &[Operand]) -> String {
    let texts = || {
        let text = |operand: &Operand| match (kind, operand) {
            (Kind::Text, Operand::Text(text))
            | (Kind::Instant, Operand::Instant(text))
            | (Kind::Number, Operand::Number(text)) => Some(text.clone()),
            _ => None,
        };
        operands.iter().filter_map(text).collect::<Vec<_>>()
    };
    let list = match kind {
        Kind::Text | Kind::Instant => Bound::Texts(texts()),
        Kind::Number => Bound::Numbers(texts()),
        Kind::Bool => {
            let truth = |operand: &Operand| if let Operand::Bool(truth) = operand { Some(*truth) } else { None };
            Bound::Bools(operands.iter().filter_map(truth).collect())
        }
        Kind::Any => return "FALSE".to_owned(),
    };
    let placeholder = writer.bind(list);
    writer.dialect.is_in(value, &placeholder, kind)
}
