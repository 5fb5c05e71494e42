//! Templates: files with `{{name}}` where a value goes.
//!
//! Filling one cannot fail, because a role has nobody to tell: a name without a value stays as it is, and the tests over
//! all roles find it.

/// The template with the values in place.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn values_go_in_place() {
        assert_eq!(fill("a {{x}} {{y}}\n", &[("x", "1")]), "a 1 {{y}}\n");
    }
}
