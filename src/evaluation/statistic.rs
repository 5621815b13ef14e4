//! Mean and spread of a figure over utterances.

use serde::{Deserialize, Serialize};

/// Mean with sample standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Statistic {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n - 1; `None` for a single value.
    pub deviation: Option<f64>,
    /// How many values there were.
    pub count: usize,
}

impl Statistic {
    /// Of the finite values among `values`; `None` if there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { mean, deviation, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation() {
        let found = Statistic::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0, f64::NAN]).unwrap();
        assert_eq!((found.mean, found.count), (5.0, 8));
        assert!((found.deviation.unwrap() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(Statistic::of([3.0]), Some(Statistic { mean: 3.0, deviation: None, count: 1 }));
        assert_eq!(Statistic::of([f64::INFINITY]), None);
    }
}
