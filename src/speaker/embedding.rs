//! What embeddings are to each other.

/// How alike two voices are: the cosine between their embeddings, in [-1, 1].
///
/// It is 0 where one is empty or zero, and where the lengths differ: embeddings of different encoders have nothing in
/// common.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    let norm = (dot(a, a) * dot(b, b)).sqrt();
    if a.len() != b.len() || norm == 0.0 { 0.0 } else { (dot(a, b) / norm).clamp(-1.0, 1.0) as f32 }
}

/// The mean direction of embeddings of one encoder; empty for none.
pub fn mean_embedding<'a>(embeddings: impl IntoIterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for embedding in embeddings {
        sum.resize(embedding.len(), 0.0);
        sum.iter_mut().zip(embedding).for_each(|(sum, value)| *sum += value);
    }
    unit_vector(&sum)
}

/// `values` at length 1.
pub(super) fn unit_vector(values: &[f32]) -> Vec<f32> {
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    values.iter().map(|value| value / norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_of_known_vectors() {
        assert_eq!(cosine(&[1.0, 0.0], &[3.0, 0.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
        assert_eq!(cosine(&[1.0], &[-1.0]), -1.0);
        assert_eq!(cosine(&[1.0], &[1.0, 0.0]), 0.0);
        assert_eq!(cosine(&[], &[]), 0.0);
        assert_eq!(cosine(&[0.0], &[1.0]), 0.0);
    }

    #[test]
    fn the_mean_of_embeddings_has_unit_length() {
        assert_eq!(mean_embedding([[1.0, 0.0].as_slice(), &[0.0, 1.0]]), [0.5f32.sqrt(); 2]);
        assert!(mean_embedding([]).is_empty());
    }
}
