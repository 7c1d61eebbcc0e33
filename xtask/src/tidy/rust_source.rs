//! Rules for Rust code: the length of functions, and no way to panic on a value outside tests.
//!
//! Owns what counts as test code: `tests/`, `benches/`, `examples/` and `fuzz/` folders, the testkit, the stores' suite, files named
//! `tests.rs`, and whatever carries `#[test]` or `#[cfg(test)]`. An `#[allow(clippy::unwrap_used, reason = "…")]` on an
//! item or file counts too: the reason is then in the code.

use std::path::Path;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Lit, Meta};

use super::Finding;

const FUNCTION_LINES_MAX: usize = 70;
const PANICKING: [&str; 4] = ["unwrap", "expect", "unwrap_err", "expect_err"];

/// Checks one file.
pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    let file = match syn::parse_file(text) {
        Ok(file) => file,
        Err(fault) => {
            let line = fault.span().start().line;
            return vec![Finding::new(path, line, format!("the file cannot be parsed: {fault}"))];
        }
    };
    let mut scan = Scan { path, is_test: is_test_path(path), findings: Vec::new() };
    scan.within(&file.attrs, |scan| visit::visit_file(scan, &file));
    scan.findings
}

fn is_test_path(path: &Path) -> bool {
    let test_folders = ["tests", "benches", "examples", "fuzz", "testkit", "conformance"];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_in_test_folder = path.components().any(|part| test_folders.iter().any(|folder| part.as_os_str() == *folder));
    name == "tests.rs" || name.ends_with("_tests.rs") || is_in_test_folder
}

struct Scan<'a> {
    path: &'a Path,
    /// Whether what is visited now is test code.
    is_test: bool,
    findings: Vec<Finding>,
}

impl Scan<'_> {
    /// Visits an item whose attributes may make it test code.
    fn within(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outside = self.is_test;
        self.is_test |= attributes.iter().any(marks_test);
        visit(self);
        self.is_test = outside;
    }

    fn check_length(&mut self, name: &str, start: Span, end: Span) {
        let first_line = start.start().line;
        let lines = end.end().line + 1 - first_line;
        if lines > FUNCTION_LINES_MAX {
            let message = format!("`{name}` has {lines} lines; split it, {FUNCTION_LINES_MAX} are allowed");
            self.findings.push(Finding::new(self.path, first_line, message));
        }
    }

    fn check_panic(&mut self, name: &str, at: Span) {
        if !self.is_test && PANICKING.contains(&name) {
            let message = format!("`{name}` can panic; return an error, or handle the other case");
            self.findings.push(Finding::new(self.path, at.start().line, message));
        }
    }

    /// The inside of a macro is no syntax tree, so its tokens are looked at: `.unwrap(` and `fn name … { }`.
    fn check_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.check_tokens(group.stream());
            }
            let TokenTree::Ident(word) = token else {
                continue;
            };
            let next = tokens.get(index + 1);
            if index > 0 && is_dot(&tokens[index - 1]) && next.is_some_and(is_call) {
                self.check_panic(&word.to_string(), word.span());
            }
            if let (true, Some(TokenTree::Ident(name))) = (word == "fn", next)
                && let Some(body) = tokens[index..].iter().find_map(braces)
            {
                self.check_length(&name.to_string(), word.span(), body);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within(&item.attrs, |scan| visit::visit_item_mod(scan, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.within(&item.attrs, |scan| visit::visit_item_impl(scan, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check_length(&item.sig.ident.to_string(), item.sig.fn_token.span, item.block.brace_token.span.close());
        self.within(&item.attrs, |scan| visit::visit_item_fn(scan, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.check_length(&item.sig.ident.to_string(), item.sig.fn_token.span, item.block.brace_token.span.close());
        self.within(&item.attrs, |scan| visit::visit_impl_item_fn(scan, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.check_length(&item.sig.ident.to_string(), item.sig.fn_token.span, block.brace_token.span.close());
        }
        self.within(&item.attrs, |scan| visit::visit_trait_item_fn(scan, item));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if !takes_no_message(call) {
            self.check_panic(&call.method.to_string(), call.method.span());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // `Result::unwrap` handed on as a function.
        if let Some(last) = path.path.segments.last().filter(|_| path.path.segments.len() > 1) {
            self.check_panic(&last.ident.to_string(), last.ident.span());
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.check_tokens(call.tokens.clone());
    }
}

/// A parser's own `expect(b':')` is no `Option::expect`, whose one argument is a text.
fn takes_no_message(call: &syn::ExprMethodCall) -> bool {
    let is_text = |literal: &syn::ExprLit| matches!(literal.lit, Lit::Str(_));
    match call.args.first() {
        Some(Expr::Lit(literal)) => !is_text(literal),
        _ => false,
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, or an allowance of unwrap that gives its reason.
fn marks_test(attribute: &Attribute) -> bool {
    let path = attribute.path();
    if path.segments.last().is_some_and(|last| last.ident == "test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let words = words_of(&list.tokens);
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    if path.is_ident("cfg") {
        return has("test") && !has("not");
    }
    let allows = path.is_ident("allow") || path.is_ident("expect");
    allows && has("reason") && (has("unwrap_used") || has("expect_used"))
}

/// All identifiers, those in parentheses too.
fn words_of(tokens: &TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Group(group) => words.extend(words_of(&group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    words
}

fn is_dot(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punctuation) if punctuation.as_char() == '.')
}

fn is_call(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

fn braces(token: &TokenTree) -> Option<Span> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.span_close()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_found(path: &str, text: &str) -> Vec<usize> {
        check(Path::new(path), text).iter().map(|finding| finding.line).collect()
    }

    fn function_of(lines: usize) -> String {
        format!("/// Docs do not count.\nfn long() {{\n{}}}\n", "    let _ = \"}\"; // }\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_may_have_70_lines_and_no_more() {
        assert_eq!(check(Path::new("src/a.rs"), &function_of(70)), []);
        let found = check(Path::new("src/a.rs"), &function_of(71));
        assert_eq!(found, [Finding::new(Path::new("src/a.rs"), 2, "`long` has 71 lines; split it, 70 are allowed")]);
    }

    #[test]
    fn methods_defaults_and_functions_inside_macros_are_measured_too() {
        let long = function_of(71);
        assert_eq!(lines_found("src/a.rs", &format!("impl A {{\n{long}}}")), [3]);
        assert_eq!(lines_found("src/a.rs", &format!("trait A {{\n{long}}}")), [3]);
        assert_eq!(lines_found("src/a.rs", &format!("cases! {{\n{long}}}")), [3]);
        assert_eq!(lines_found("tests/a.rs", &long), [2], "tests are no exception");
    }

    #[test]
    fn unwrap_is_found_in_calls_paths_and_macros() {
        let text = "fn f() {\n    a.unwrap();\n    b.map(Option::unwrap);\n    println!(\"{}\", c.expect(\"d\"));\n\
                    let unwrap = 1; g(unwrap); h.unwrap_or(2); \"x.unwrap()\"; // i.unwrap()\n}\n";
        assert_eq!(lines_found("src/a.rs", text), [2, 3, 4]);
    }

    #[test]
    fn a_method_of_ones_own_may_be_called_expect() {
        assert_eq!(lines_found("src/a.rs", "fn f() {\n cursor.expect(b':')?;\n value.expect(\"text\");\n}"), [3]);
    }

    #[test]
    fn tests_may_unwrap() {
        let call = "fn f() { a.unwrap(); }";
        for path in [
            "crates/x/tests/a.rs",
            "crates/x/src/y/tests.rs",
            "crates/x/src/y_tests.rs",
            "crates/x/benches/b.rs",
            "crates/testkit/src/lib.rs",
        ] {
            assert_eq!(lines_found(path, call), [0; 0], "{path}");
        }
        assert_eq!(lines_found("src/a.rs", &format!("#[cfg(test)]\nmod tests {{ {call} }}\n{call}")), [3]);
        assert_eq!(lines_found("src/a.rs", &format!("#[cfg(all(test, unix))]\nmod tests {{ {call} }}")), [0; 0]);
        assert_eq!(lines_found("src/a.rs", &format!("#[cfg(not(test))]\nmod real {{ {call} }}")), [2]);
        assert_eq!(lines_found("src/a.rs", &format!("#[tokio::test]\n{call}\n{call}")), [3]);
        assert_eq!(lines_found("src/contests.rs", call), [1]);
    }

    #[test]
    fn an_allowance_counts_only_with_its_reason() {
        let call = "fn f() { a.unwrap(); }";
        let with_reason = "#![allow(clippy::unwrap_used, reason = \"a suite: it fails by panicking\")]";
        assert_eq!(lines_found("src/a.rs", &format!("{with_reason}\n{call}")), [0; 0]);
        assert_eq!(lines_found("src/a.rs", &format!("#![allow(clippy::unwrap_used)]\n{call}")), [2]);
    }

    #[test]
    fn a_file_that_does_not_parse_is_a_finding() {
        assert_eq!(lines_found("src/a.rs", "fn f() {\n    let = 1;\n}\n"), [2]);
    }
}
