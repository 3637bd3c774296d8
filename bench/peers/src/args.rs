//! Options of the form `--name value`.

use std::{collections::BTreeMap, str::FromStr};

use crate::Outcome;

pub struct Args(BTreeMap<String, String>);

impl Args {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = BTreeMap::new();
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .ok_or_else(|| format!("what is {word:?} for?"))?;
            let value = words
                .next()
                .ok_or_else(|| format!("--{name} needs a value"))?;
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    pub fn text(&mut self, name: &str) -> Outcome<String> {
        self.0
            .remove(name)
            .ok_or_else(|| format!("--{name} is missing").into())
    }

    pub fn number<T: FromStr>(&mut self, name: &str, default: T) -> Outcome<T> {
        match self.0.remove(name) {
            None => Ok(default),
            Some(text) => parse(name, &text),
        }
    }

    pub fn numbers(&mut self, name: &str, default: &[usize]) -> Outcome<Vec<usize>> {
        match self.0.remove(name) {
            None => Ok(default.to_vec()),
            Some(text) => text.split(',').map(|one| parse(name, one)).collect(),
        }
    }

    pub fn finish(self) -> Outcome<()> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("this command has no option --{name}").into()),
        }
    }
}

fn parse<T: FromStr>(name: &str, text: &str) -> Outcome<T> {
    text.parse()
        .map_err(|_| format!("--{name}: {text:?} is no number").into())
}
