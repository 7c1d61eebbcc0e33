//! A question as bytes under a keyed hash: two questions have the same bytes only when they are the same.
//!
//! Every variant has a number, every text and every sequence its length in front. The numbers are part of signatures:
//! a change of them makes the cursors that are out there those of other queries, which their callers must begin anew.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::super::{Filter, Leaf, Operand, Path, RecordQuery, Scope, Test};

pub(super) struct Print(SipHasher24);

impl Print {
    pub(super) fn new(key: &[u8; 16]) -> Self {
        Self(SipHasher24::new_with_key(key))
    }

    pub(super) fn finish(self) -> [u8; 16] {
        self.0.finish128().as_bytes()
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.write(bytes);
    }

    /// All that is asked but where the page begins, how long it is, and whether the answers are counted.
    pub(super) fn query(&mut self, query: &RecordQuery) {
        let RecordQuery { object_type, filter, ids, list_id, with_deleted, sort, start: _, limit: _, count_total: _ } =
            query;
        self.number(object_type.number());
        self.filter(filter);
        self.number(u8::from(ids.is_some()));
        self.each(ids.as_deref().unwrap_or_default(), |print, id| print.bytes(id.as_bytes()));
        self.number(u8::from(list_id.is_some()));
        if let Some(list_id) = list_id {
            self.bytes(list_id.as_bytes());
        }
        self.number(u8::from(*with_deleted));
        self.each(sort, |print, key| {
            print.number(u8::from(key.descending));
            print.path(&key.path);
        });
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::All(parts) => {
                self.number(1);
                self.each(parts, Self::filter);
            }
            Filter::Any(parts) => {
                self.number(2);
                self.each(parts, Self::filter);
            }
            Filter::Not(inner) => {
                self.number(3);
                self.filter(inner);
            }
            Filter::Where(path, test) => {
                self.number(4);
                self.path(path);
                self.test(test);
            }
        }
    }

    fn path(&mut self, path: &Path) {
        self.each(&path.hops, |print, hop| {
            print.scope(hop.scope);
            print.bytes(hop.slug.as_bytes());
            print.number(u8::from(hop.multiple));
            print.number(hop.target.number());
        });
        match &path.leaf {
            Leaf::Id => self.number(1),
            Leaf::CreatedAt => self.number(2),
            Leaf::UpdatedAt => self.number(3),
            Leaf::Property { scope, slug, property_type } => {
                self.number(4);
                self.scope(*scope);
                self.bytes(slug.as_bytes());
                self.bytes(property_type.name().as_bytes());
            }
        }
    }

    fn scope(&mut self, scope: Scope) {
        match scope {
            Scope::Workspace => self.number(1),
            Scope::List(list_id) => {
                self.number(2);
                self.bytes(list_id.as_bytes());
            }
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Present => self.number(1),
            Test::Is(operand) => {
                self.number(2);
                self.operand(operand);
            }
            Test::OneOf(operands) => {
                self.number(3);
                self.each(operands, Self::operand);
            }
            Test::Ordered { above, or_equal, bound } => {
                self.number(4);
                self.number(u8::from(*above));
                self.number(u8::from(*or_equal));
                self.operand(bound);
            }
            Test::Between(low, high) => {
                self.number(5);
                self.operand(low);
                self.operand(high);
            }
            Test::Contains(part) => self.tagged(6, part),
            Test::BeginsWith(part) => self.tagged(7, part),
            Test::EndsWith(part) => self.tagged(8, part),
            Test::Matches(pattern) => self.tagged(9, pattern.as_str()),
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Text(text) => self.tagged(1, text),
            Operand::Number(number) => self.tagged(2, number),
            Operand::Bool(truth) => {
                self.number(3);
                self.number(u8::from(*truth));
            }
            Operand::Instant(instant) => self.tagged(4, instant),
        }
    }

    fn tagged(&mut self, tag: u8, text: &str) {
        self.number(tag);
        self.bytes(text.as_bytes());
    }

    fn each<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Self, &T)) {
        self.length(items.len());
        items.iter().for_each(|item| print(self, item));
    }

    fn number(&mut self, number: u8) {
        self.0.write(&[number]);
    }

    fn length(&mut self, length: usize) {
        self.0.write(&u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
    }
}
