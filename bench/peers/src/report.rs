//! Distributions, and the lines in which they are printed.

use serde_json::{Map, Value, json};

/// Prints a row of samples with what they are of.
pub fn distribution(of: Value, unit: &str, mut samples: Vec<f64>) {
    samples.sort_by(f64::total_cmp);
    let Value::Object(mut line) = of else {
        panic!("a line is a JSON object");
    };
    line.insert("unit".into(), json!(unit));
    line.insert("samples".into(), json!(samples.len()));
    for (name, share) in [("p10", 0.10), ("p50", 0.50), ("p90", 0.90), ("p99", 0.99)] {
        insert(&mut line, name, at(&samples, share));
    }
    insert(&mut line, "mean", mean(&samples));
    println!("{}", Value::Object(line));
}

fn insert(line: &mut Map<String, Value>, name: &str, number: f64) {
    line.insert(name.into(), json!((number * 10.0).round() / 10.0));
}

/// The sample below which `share` of all lie.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (share * count(sorted)) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / count(samples)
}

#[allow(clippy::cast_precision_loss)]
fn count(samples: &[f64]) -> f64 {
    samples.len() as f64
}
