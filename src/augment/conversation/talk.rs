//! Who says what when: turns, pauses, interruptions, back-channels.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::spoken::{FADE, Spoken, phrase};
use super::{ConversationConfig, RATE, Said};

impl ConversationConfig {
    /// What each of the cast says, on a track of their own, and when.
    pub(super) fn talk(&self, cast: &[&[Spoken]], length: i64, random: &mut ChaCha8Rng) -> (Vec<Tensor>, Vec<Said>) {
        let tracks: Vec<Tensor> = cast.iter().map(|_| Tensor::zeros([length], (Kind::Float, Device::Cpu))).collect();
        // When each of them is silent again.
        let mut free = vec![0i64; cast.len()];
        let eager: Vec<f64> = cast.iter().map(|_| random.random_range(0.3..1.0)).collect();
        let mut said = Vec::new();
        let mut say = |speaker: usize, at: i64, longest: i64, random: &mut ChaCha8Rng| -> i64 {
            let Some((mut part, spans)) = phrase(cast[speaker], longest, random) else { return at };
            if self.turn_level_db > 0.0 {
                part *= 10f64.powf(random.random_range(-self.turn_level_db..=self.turn_level_db) / 20.0);
            }
            let count = part.size()[0].min(length - at);
            if count > 0 {
                let _ = tracks[speaker].narrow(0, at, count).g_add_(&part.narrow(0, 0, count));
            }
            for span in spans {
                let when = (at + span.start).min(length)..(at + span.end).min(length);
                if when.end > when.start {
                    said.push(Said { speaker, when });
                }
            }
            at + part.size()[0]
        };
        let samples = |seconds: f64| (seconds * RATE) as i64;
        let mut now = samples(random.random_range(0.0..1.0));
        let mut last: Option<usize> = None;
        // A cast without a word says nothing.
        for _ in 0..=length / samples(0.1) {
            if now >= length || cast.is_empty() {
                break;
            }
            let speaker = next_speaker(last, &eager, self.goes_on, random);
            now = now.max(free[speaker] + FADE);
            if now >= length {
                break;
            }
            let (short, long) = self.turn_s;
            let wanted = samples(random.random_range(short.ln()..=long.ln()).exp());
            let begun = now;
            let end = say(speaker, begun, wanted, random);
            free[speaker] = end;
            let other = next_speaker(Some(speaker), &eager, 0.0, random);
            if other != speaker && end - begun > samples(2.0) && random.random_bool(self.back_channel) {
                let at = random.random_range(begun + samples(0.5)..end - samples(0.7)).max(free[other] + FADE);
                if at < length {
                    let longest = samples(random.random_range(0.3..1.0));
                    free[other] = free[other].max(say(other, at, longest, random));
                }
            }
            now = if cast.len() > 1 && random.random_bool(self.interruption) {
                let (short, long) = self.overlap_s;
                let overlap = samples(random.random_range(short..=long)).min((end - begun) / 2);
                end - overlap
            } else if random.random_bool(self.long_pause) {
                end + samples(random.random_range(self.long_pause_s.0..=self.long_pause_s.1))
            } else {
                end + samples((-(1.0 - random.random::<f64>()).ln() * self.pause_s).min(4.0))
            };
            last = Some(speaker);
        }
        (tracks, joined(said, samples(self.min_pause_s)))
    }
}

/// Somebody else, mostly.
fn next_speaker(last: Option<usize>, eager: &[f64], goes_on: f64, random: &mut ChaCha8Rng) -> usize {
    if let Some(last) = last
        && (eager.len() == 1 || random.random_bool(goes_on))
    {
        return last;
    }
    let weight = |index: usize| if Some(index) == last { 0.0 } else { eager[index] };
    let total: f64 = (0..eager.len()).map(weight).sum();
    let mut left = random.random_range(0.0..total.max(f64::MIN_POSITIVE));
    (0..eager.len())
        .find(|&index| {
            left -= weight(index);
            left < 0.0
        })
        .unwrap_or(0)
}

/// In order; what one speaker says with pauses of fewer samples is one.
fn joined(mut said: Vec<Said>, min_pause: i64) -> Vec<Said> {
    said.sort_by_key(|one| (one.speaker, one.when.start));
    let mut joined: Vec<Said> = Vec::new();
    for one in said {
        match joined.last_mut() {
            Some(last) if last.speaker == one.speaker && one.when.start - last.when.end < min_pause => {
                last.when.end = last.when.end.max(one.when.end);
            }
            _ => joined.push(one),
        }
    }
    joined.sort_by_key(|one| (one.when.start, one.speaker));
    joined
}
