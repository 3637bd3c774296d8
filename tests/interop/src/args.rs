//! Command line options of the form `--name value` and `--name`.

use std::collections::BTreeMap;

use crate::Outcome;

/// The options of one command. Each is taken once; `finish` refuses the rest.
pub struct Args {
    options: BTreeMap<String, Option<String>>,
    /// What follows `--`.
    pub rest: Vec<String>,
}

impl Args {
    pub fn parse(mut argv: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = BTreeMap::new();
        let mut open: Option<String> = None;
        for arg in argv.by_ref() {
            if arg == "--" {
                break;
            }
            match (arg.strip_prefix("--"), open.take()) {
                (Some(name), before) => {
                    if let Some(switch) = before {
                        options.insert(switch, None);
                    }
                    open = Some(name.to_owned());
                }
                (None, Some(name)) => {
                    options.insert(name, Some(arg));
                }
                (None, None) => return Err(format!("what is {arg:?} for?").into()),
            }
        }
        if let Some(switch) = open {
            options.insert(switch, None);
        }
        Ok(Self {
            options,
            rest: argv.collect(),
        })
    }

    pub fn text(&mut self, name: &str) -> Outcome<Option<String>> {
        match self.options.remove(name) {
            None => Ok(None),
            Some(Some(value)) => Ok(Some(value)),
            Some(None) => Err(format!("--{name} needs a value").into()),
        }
    }

    pub fn number<T: TryFrom<u64>>(&mut self, name: &str) -> Outcome<Option<T>> {
        self.text(name)?
            .map(|text| parse_number(name, &text))
            .transpose()
    }

    pub fn switch(&mut self, name: &str) -> Outcome<bool> {
        match self.options.remove(name) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(value)) => Err(format!("--{name} takes no value, not {value:?}").into()),
        }
    }

    pub fn need_text(&mut self, name: &str) -> Outcome<String> {
        self.text(name)?
            .ok_or_else(|| format!("--{name} is missing").into())
    }

    pub fn need_number<T: TryFrom<u64>>(&mut self, name: &str) -> Outcome<T> {
        self.number(name)?
            .ok_or_else(|| format!("--{name} is missing").into())
    }

    /// Comma-separated numbers; at least one.
    pub fn need_numbers(&mut self, name: &str) -> Outcome<Vec<usize>> {
        self.need_text(name)?
            .split(',')
            .map(|text| parse_number(name, text))
            .collect()
    }

    pub fn finish(self) -> Outcome<()> {
        match self.options.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("this command has no option --{name}").into()),
        }
    }
}

fn parse_number<T: TryFrom<u64>>(name: &str, text: &str) -> Outcome<T> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed
        .ok()
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("--{name}: {text:?} is not a number, or too large").into())
}
