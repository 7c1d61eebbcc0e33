//! Filters: an array of `{slug: {operator: value}}`.

use super::super::fault::{QueryCode, QueryFault, member};
use super::super::path::{Origin, Resolved};
use super::super::{Filter, Operand, Pattern, PatternFault, Test};
use super::node::{Node, text_of};
use super::operand::{Class, Operands};
use crate::json::Value;
use crate::limits::{QUERY_FILTERS_MAX, QUERY_VALUES_MAX};
use crate::value::excerpt_of_text;

/// The operators, as they are written.
const OPERATORS: [&str; 18] = [
    "=",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "in",
    "not_in",
    "contains",
    "not_contains",
    "begins_with",
    "ends_with",
    "like_regex",
    "exists",
    "not_exists",
    "is_null",
    "is_not_null",
    "between",
];

/// `any`: whether one entry that holds will do.
pub(super) fn read(origin: &Origin<'_>, field: &str, node: Option<&Node<'_>>, any: bool) -> Result<Filter, QueryFault> {
    let shape =
        || QueryFault::invalid(field, "send an array of objects such as {\"email\": {\"=\": \"ada@example.com\"}}");
    let entries = match node {
        None => return Ok(Filter::All(Vec::new())),
        Some(Node::Array(entries)) => entries,
        Some(_) => return Err(shape()),
    };
    let mut count = Count { field, conditions: 0 };
    let mut parts = Vec::with_capacity(entries.len());
    for (position, entry) in entries.iter().enumerate() {
        let Node::Object(members) = entry else { return Err(shape()) };
        let mut conditions = Vec::with_capacity(members.len());
        for (slug, tests) in members {
            let here = member(&format!("{field}[{position}]"), slug);
            conditions.extend(read_tests(origin, &here, slug, tests, &mut count)?);
        }
        parts.push(single_or(conditions, Filter::All));
    }
    // Without an entry there is nothing to choose from, and every record is meant, whatever the combinator.
    Ok(if any && !parts.is_empty() { single_or(parts, Filter::Any) } else { single_or(parts, Filter::All) })
}

/// The only part, or all of them together.
fn single_or(mut parts: Vec<Filter>, together: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            together(parts)
        }
        (None, _) => Filter::All(Vec::new()),
    }
}

/// How many conditions a filter has so far.
struct Count<'f> {
    field: &'f str,
    conditions: usize,
}

impl Count<'_> {
    fn add(&mut self, conditions: usize) -> Result<(), QueryFault> {
        self.conditions = self.conditions.saturating_add(conditions);
        if self.conditions > QUERY_FILTERS_MAX {
            let message = format!("a filter has at most {QUERY_FILTERS_MAX} conditions");
            return Err(QueryFault::too_complex(self.field, message));
        }
        Ok(())
    }
}

/// The conditions on one slug.
fn read_tests(
    origin: &Origin<'_>,
    field: &str,
    slug: &str,
    tests: &Node<'_>,
    count: &mut Count<'_>,
) -> Result<Vec<Filter>, QueryFault> {
    let resolved = origin.resolve(field, slug)?;
    let members = match tests {
        Node::Object(members) if !members.is_empty() => members,
        other => {
            let shown = other.shown();
            let message = format!("send an object such as {{\"=\": \"ada@example.com\"}}, not {shown}; {}", known());
            return Err(QueryFault::invalid(field, message));
        }
    };
    let mut conditions = Vec::with_capacity(members.len());
    for (operator, value) in members {
        conditions.push(Condition::new(field, operator, &resolved)?.read(value, count)?);
    }
    Ok(conditions)
}

fn known() -> String {
    format!("operators are {}", OPERATORS.join(" "))
}

/// `slug = text` as the parameters of a list ask it; several texts mean `in`.
pub(super) fn equality(field: &str, resolved: &Resolved<'_>, texts: &[&str]) -> Result<Filter, QueryFault> {
    let condition = Condition::new(field, if texts.len() == 1 { "=" } else { "in" }, resolved)?;
    let class = condition.class_for(Class::has_equality)?;
    let operands = condition.operands(class);
    let read: Result<Vec<_>, _> = texts.iter().map(|text| operands.of_text(text)).collect();
    if texts.len() > QUERY_VALUES_MAX {
        return Err(condition.too_many(texts.len()));
    }
    Ok(condition.one_of(read?))
}

/// An operator on a path.
struct Condition<'c, 'a> {
    field: &'c str,
    operator: &'c str,
    resolved: &'c Resolved<'a>,
}

impl<'c, 'a> Condition<'c, 'a> {
    fn new(field: &'c str, operator: &'c str, resolved: &'c Resolved<'a>) -> Result<Self, QueryFault> {
        if !OPERATORS.contains(&operator) {
            let message = format!("there is no operator {}; {}", excerpt_of_text(operator), known());
            return Err(QueryFault::invalid(field, message));
        }
        Ok(Self { field, operator, resolved })
    }

    fn read(&self, value: &Node<'_>, count: &mut Count<'_>) -> Result<Filter, QueryFault> {
        let alternatives = match (self.operator, value) {
            ("contains" | "not_contains", Node::Array(elements)) => elements.len(),
            _ => 1,
        };
        count.add(alternatives)?;
        match self.operator {
            "=" => self.is(value),
            "!=" => self.is(value).map(not),
            "in" => self.is_in(value),
            "not_in" => self.is_in(value).map(not),
            "<" => self.ordered(value, false, false),
            "<=" => self.ordered(value, false, true),
            ">" => self.ordered(value, true, false),
            ">=" => self.ordered(value, true, true),
            "between" => self.between(value),
            "contains" => self.contains(value),
            "not_contains" => self.contains(value).map(not),
            "begins_with" => self.part(value).map(|part| self.holds(Test::BeginsWith(part))),
            "ends_with" => self.part(value).map(|part| self.holds(Test::EndsWith(part))),
            "like_regex" => self.matches(value),
            "exists" => self.exists(value, true),
            "not_exists" => self.exists(value, false),
            // What these two are given says nothing (contract §3.5).
            "is_null" => Ok(not(self.holds(Test::Present))),
            _ => Ok(self.holds(Test::Present)),
        }
    }

    fn holds(&self, test: Test) -> Filter {
        Filter::Where(self.resolved.path.clone(), test)
    }

    fn is(&self, value: &Node<'_>) -> Result<Filter, QueryFault> {
        let class = self.class_for(Class::has_equality)?;
        Ok(self.one_of(vec![self.operands(class).of_node(value)?]))
    }

    fn is_in(&self, value: &Node<'_>) -> Result<Filter, QueryFault> {
        let class = self.class_for(Class::has_equality)?;
        let Node::Array(elements) = value else {
            return Err(self.refused(&format!("takes an array of values, not {}", value.shown())));
        };
        if elements.len() > QUERY_VALUES_MAX {
            return Err(self.too_many(elements.len()));
        }
        let operands = self.operands(class);
        Ok(self.several(elements.iter().map(|element| operands.of_node(element)).collect::<Result<_, _>>()?))
    }

    /// One value that must be it; `None` is to have no value.
    fn one_of(&self, mut values: Vec<Option<Operand>>) -> Filter {
        if values.len() > 1 {
            return self.several(values);
        }
        match values.pop() {
            Some(Some(operand)) => self.holds(Test::Is(operand)),
            Some(None) => not(self.holds(Test::Present)),
            None => Filter::Any(Vec::new()),
        }
    }

    fn several(&self, values: Vec<Option<Operand>>) -> Filter {
        let given = values.len();
        let operands: Vec<Operand> = values.into_iter().flatten().collect();
        let nothing_will_do = operands.len() < given;
        let is_one = self.holds(Test::OneOf(operands));
        if nothing_will_do { Filter::Any(vec![is_one, not(self.holds(Test::Present))]) } else { is_one }
    }

    fn ordered(&self, value: &Node<'_>, above: bool, or_equal: bool) -> Result<Filter, QueryFault> {
        let bound = self.bound(value)?;
        Ok(self.holds(Test::Ordered { above, or_equal, bound }))
    }

    fn between(&self, value: &Node<'_>) -> Result<Filter, QueryFault> {
        let Node::Array(bounds) = value else {
            return Err(self.refused("takes an array of the lowest and the highest value"));
        };
        let [low, high] = bounds.as_slice() else {
            let count = bounds.len();
            return Err(self.refused(&format!("takes the lowest and the highest value, not {count} values")));
        };
        Ok(self.holds(Test::Between(self.bound(low)?, self.bound(high)?)))
    }

    /// A value to compare with; to have none is not comparable.
    fn bound(&self, value: &Node<'_>) -> Result<Operand, QueryFault> {
        let class = self.class_for(Class::has_order)?;
        let operand = self.operands(class).of_node(value)?;
        operand.ok_or_else(|| self.refused("takes a value to compare with, not null or an empty text"))
    }

    fn contains(&self, value: &Node<'_>) -> Result<Filter, QueryFault> {
        let Node::Array(parts) = value else {
            return self.part(value).map(|part| self.holds(Test::Contains(part)));
        };
        let parts: Vec<Filter> = parts
            .iter()
            .map(|part| self.part(part).map(|part| self.holds(Test::Contains(part))))
            .collect::<Result<_, _>>()?;
        Ok(Filter::Any(parts))
    }

    /// A text to look for, in lower case.
    fn part(&self, value: &Node<'_>) -> Result<String, QueryFault> {
        let class = self.class_for(Class::is_searched)?;
        self.operands(class).part(value)
    }

    fn matches(&self, value: &Node<'_>) -> Result<Filter, QueryFault> {
        self.class_for(Class::is_searched)?;
        let Node::Plain(Value::Text(text)) = value else {
            return Err(self.refused(&format!("takes a regular expression as text, not {}", value.shown())));
        };
        match Pattern::parse(&text_of(self.field, text)?) {
            Ok(pattern) => Ok(self.holds(Test::Matches(pattern))),
            Err(PatternFault::TooComplex) => {
                let message = "the regular expression would take too much memory; repeat less often";
                Err(QueryFault::new(QueryCode::RegexTooComplex, self.field, message))
            }
            Err(PatternFault::Syntax(reason)) => {
                // The reason draws the expression over several lines; its last one says what is wrong.
                let wrong = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                Err(self.refused(&format!("takes a regular expression: {wrong}")))
            }
        }
    }

    fn exists(&self, value: &Node<'_>, wanted: bool) -> Result<Filter, QueryFault> {
        let said = match value {
            Node::Plain(Value::Bool(truth)) => *truth,
            Node::Plain(Value::Text(text)) if text.inner() == "true" => true,
            Node::Plain(Value::Text(text)) if text.inner() == "false" => false,
            other => return Err(self.refused(&format!("takes true or false, not {}", other.shown()))),
        };
        let there = self.holds(Test::Present);
        Ok(if said == wanted { there } else { not(there) })
    }

    /// What the values are, if the operator goes with that.
    fn class_for(&self, goes_with: impl Fn(Class) -> bool) -> Result<Class, QueryFault> {
        let class = Class::of(&self.resolved.path.leaf);
        if goes_with(class) {
            return Ok(class);
        }
        let fitting = class.operators().join(" ");
        Err(self.refused(&format!("does not go with {}, which takes {fitting}", class.name())))
    }

    fn operands(&self, class: Class) -> Operands<'_, 'a> {
        Operands::new(self.field, self.operator, &self.resolved.path, self.resolved.property, class)
    }

    fn too_many(&self, count: usize) -> QueryFault {
        let message = format!("{:?} takes at most {QUERY_VALUES_MAX} values, not {count}", self.operator);
        QueryFault::new(QueryCode::TooManyValues, self.field, message)
    }

    fn refused(&self, reason: &str) -> QueryFault {
        let described = super::operand::described(&self.resolved.path, self.resolved.property);
        QueryFault::invalid(self.field, format!("{described}: {:?} {reason}", self.operator))
    }
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}
